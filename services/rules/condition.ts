import { z } from 'zod'
import type { Context } from '../../src/index.ts'
import { own, parseComparison } from './comparison.ts'

const FIELD =
  /^(topic|peer|payload|client|user|priority|type|door|(params|payload)\.[\w.-]{1,128})$/
const KNOWN = 'topic, peer, user, priority, type, door, params.<name>, payload or payload.<path>'

/** A condition of a rule such as `payload.source =~ test-.*`: {@link parseComparison} over a message. */
export const Condition = z.string().transform((text, check) => {
  try {
    const { field, fits } = parseComparison(text, FIELD, KNOWN)
    return (context: Context) => fits(fieldOf(context, field))
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

function fieldOf(context: Context, field: string): unknown {
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
      return context.params.user_id ?? own(payload, 'user_id') ?? context.principal?.id
    case 'priority':
      return own(payload, 'priority') ?? 'normal'
    case 'type':
      return own(payload, 'type') ?? context.params.alert_type
  }
  return valueAt(context, field)
}
