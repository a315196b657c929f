import { z } from 'zod'
import { type Context, type MatchOperator, matcher } from '../../src/index.ts'

const FIELD =
  /^(topic|peer|payload|client|user|priority|type|door|(params|payload)\.[\w.-]{1,128})$/
const CONDITION = /^\s*([\w.-]+)\s*(=~|!~|!=|=)\s*(.*?)\s*$/s

/**
 * A condition such as `payload.source =~ test-.*`, compared as a whole and in
 * linear time; a field that is not there is empty.
 */
export const Condition = z.string().transform((text, check) => {
  const [, field, operator, value] = CONDITION.exec(text) ?? []
  if (field === undefined || !FIELD.test(field)) {
    const known =
      'topic, peer, user, priority, type, door, params.<name>, payload or payload.<path>'
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

/** The value that a path such as `payload.temperature` leads to; `undefined` where there is none. */
export function valueAt(context: Pick<Context, 'params' | 'payload'>, path: string): unknown {
  const [root = '', ...names] = path.split('.')
  const from: unknown = root === 'params' ? context.params : context.payload
  return names.reduce<unknown>(own, from)
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
  return asText(valueAt(context, field))
}

/** Names come from a file: they must not reach what every object inherits. */
function own(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}

/** A value as conditions compare it. */
export function asText(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function unquoted(value: string): string {
  return /^"(.*)"$/s.exec(value)?.[1] ?? value
}
