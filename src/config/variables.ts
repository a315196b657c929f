import type { z } from 'zod'
import type { Variable } from './variable.ts'
import { ACCESS, BROADCASTING, HTTP, PROCESS } from './variables/application.ts'
import { CHANNELS, EMAIL, PUSH } from './variables/channels.ts'
import { COMMAND_LINE, CONTENT, EVENTS, LIMITS, OPERATION, QUEUES } from './variables/operation.ts'
import { BROKER, STORE } from './variables/servers.ts'
import { TELEPHONE } from './variables/telephone.ts'

/**
 * Every environment variable, by section. `.env.example`, the reference and the
 * start-up check are made from these tables.
 */
export const SECTIONS = {
  'MQTT broker': BROKER,
  Store: STORE,
  'HTTP, dashboard, realtime': HTTP,
  'This process': PROCESS,
  Access: ACCESS,
  Broadcasting: BROADCASTING,
  'Limits and retention': LIMITS,
  Events: EVENTS,
  Queues: QUEUES,
  'E-mail': EMAIL,
  'SMS and voice': TELEPHONE,
  Push: PUSH,
  'Other channels': CHANNELS,
  'Rules, templates, language': CONTENT,
  Operation: OPERATION,
  'Command line': COMMAND_LINE,
} as const

/** All sections as one table. */
export const VARIABLES = {
  ...BROKER,
  ...STORE,
  ...HTTP,
  ...PROCESS,
  ...ACCESS,
  ...BROADCASTING,
  ...LIMITS,
  ...EVENTS,
  ...QUEUES,
  ...EMAIL,
  ...TELEPHONE,
  ...PUSH,
  ...CHANNELS,
  ...CONTENT,
  ...OPERATION,
  ...COMMAND_LINE,
} as const

export type VariableName = keyof typeof VARIABLES

type ValueOf<Row> =
  Row extends Variable<unknown, infer Fallback>
    ? Row extends { readonly schema: infer Schema extends z.ZodType }
      ? z.output<Schema> | (Fallback extends string ? never : undefined)
      : never
    : never

/** What was read, by variable. */
export type Values = { readonly [Name in VariableName]: ValueOf<(typeof VARIABLES)[Name]> }

/** Every variable and alias. */
export const KNOWN: ReadonlySet<string> = new Set(
  Object.entries(VARIABLES).flatMap(([name, { aliases }]: [string, Variable]) => [
    name,
    ...aliases,
  ]),
)
