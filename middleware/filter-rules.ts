import { z } from 'zod'
import { type Context, type MatchOperator, matcher } from '../src/index.ts'

const FIELD = /^(topic|peer|client|user|priority|type|door|(params|payload)\.[\w.-]{1,128})$/
const CONDITION = /^\s*([\w.-]+)\s*(=~|!~|!=|=)\s*(.*?)\s*$/s
const NAME = /^[A-Za-z_]\w{0,63}$/

const Condition = z.string().transform((text, check) => {
  const [, field, operator, value] = CONDITION.exec(text) ?? []
  if (field === undefined || !FIELD.test(field)) {
    const known = 'topic, peer, user, priority, type, door, params.<name> or payload.<path>'
    check.addIssue({ code: 'custom', message: `say "<field> = value", field being ${known}` })
    return z.NEVER
  }
  try {
    const isMatch = matcher(operator as MatchOperator, unquoted(value ?? ''))
    return (context: Context) => isMatch(textOf(context, field))
  } catch (error) {
    check.addIssue({ code: 'custom', message: (error as Error).message })
    return z.NEVER
  }
})

const base = {
  name: z.string().min(1).max(64),
  /** All must hold; none: every message. */
  match: z.array(Condition).max(20).default([]),
}

/**
 * One rule as `rules.yml` writes it, compiled: `match` holds conditions such as
 * `payload.source =~ test-.*`, compared as a whole and in linear time; a field
 * that is not there is empty. `allow` and `drop` decide, the others go on.
 */
export const FilterRule = z.discriminatedUnion('action', [
  z.strictObject({
    ...base,
    action: z.literal('allow'),
    /** Lets messages pass that the broker kept and replayed, too. */
    retained: z.literal('accept').optional(),
  }),
  z.strictObject({ ...base, action: z.literal('drop') }),
  z.strictObject({
    ...base,
    action: z.literal('tag'),
    tags: z.array(z.string().min(1).max(64)).min(1).max(20),
  }),
  z.strictObject({
    ...base,
    action: z.literal('set'),
    set: z.record(z.string().regex(NAME), z.json()),
  }),
  /** Keeps this share of the messages, 0 to 1, and drops the rest. */
  z.strictObject({ ...base, action: z.literal('sample'), rate: z.number().min(0).max(1) }),
])

export const FilterRules = z.array(FilterRule).max(500)

export type CompiledRule = z.output<typeof FilterRule>

/** Whether every condition of a rule holds. */
export function applies(rule: CompiledRule, context: Context): boolean {
  return rule.match.every((holds) => holds(context))
}

function textOf(context: Context, field: string): string {
  const payload = context.payload as Readonly<Record<string, unknown>> | null
  switch (field) {
    case 'topic':
      return context.target
    case 'peer':
    case 'client':
      return context.peer
    case 'door':
      return context.door
    case 'user':
      return asText(context.params.user_id ?? own(payload, 'user_id') ?? context.principal?.id)
    case 'priority':
      return asText(own(payload, 'priority') ?? 'normal')
    case 'type':
      return asText(own(payload, 'type') ?? context.params.alert_type)
  }
  const [root = '', ...path] = field.split('.')
  const from: unknown = root === 'params' ? context.params : payload
  return asText(path.reduce<unknown>(own, from))
}

/** Names come from a file: they must not reach what every object inherits. */
function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}

function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function unquoted(value: string): string {
  return /^"(.*)"$/s.exec(value)?.[1] ?? value
}
