import { z } from 'zod'
import type { Priority } from '../../src/index.ts'
import type { UserRecord } from '../directory/user-record.ts'
import { own, parseComparison } from '../rules/comparison.ts'
import type { Presence } from '../sessions/presence.ts'

/** What is known of a message on its way to one person. */
export interface Facts {
  /** `null`: a bare address. */
  readonly user: UserRecord | null
  /** The event's payload, or the message's `data` and `params`. */
  readonly payload: Readonly<Record<string, unknown>>
  readonly type: string
  readonly priority: Priority
  /** Asked only where a condition speaks of it. */
  readonly presence: () => Promise<Presence>
}

/** As people write it: a comparison, or several of which any or all must hold. */
export type WrittenCondition =
  | string
  | { readonly any: readonly WrittenCondition[] }
  | { readonly all: readonly WrittenCondition[] }

const FIELD = /^(user|user\.[\w.-]{1,128}|payload\.[\w.-]{1,128}|type|priority)$/
const KNOWN = 'user, user.<path>, payload.<path>, type or priority'
/** What sessions say of a person. */
const PRESENCE: Readonly<Record<string, keyof Presence>> = {
  'user.online': 'isOnline',
  'user.minutes_away': 'minutesAway',
}
const MOST = 20
const DEEPEST = 4

type Test = (facts: Facts) => boolean | Promise<boolean>

/** A condition that can be asked, and the words that it was written in. */
export interface TypeCondition {
  readonly words: string
  readonly holds: Test
}

/** Conditions of an event type, all of which must hold, checked and kept as they were written. */
export const ConditionsField = z
  .array(z.unknown())
  .max(MOST)
  .superRefine((list, check) => {
    for (const [index, written] of list.entries()) {
      try {
        compile(written, 1)
      } catch (error) {
        check.addIssue({ code: 'custom', path: [index], message: (error as Error).message })
      }
    }
  })
  .transform((list) => list as readonly WrittenCondition[])
  .meta({
    description:
      'All must hold: "payload.total >= 100", "user.locale =~ fr.*", or {"any": […]}, {"all": […]}',
  })

/** What switches a channel off for everybody. */
const NEVER: TypeCondition = { words: 'switched off for this type', holds: () => false }

/** `false` holds never. Throws an `Error` that says what is wrong with one of them. */
export function compileConditions(
  list: readonly WrittenCondition[] | false,
): readonly TypeCondition[] {
  if (list === false) return [NEVER]
  return list.map((written) => compile(written, 1))
}

/** The words of the first condition that does not hold; `null`: all do. */
export async function unmetOf(
  conditions: readonly TypeCondition[],
  facts: Facts,
): Promise<string | null> {
  for (const { words, holds } of conditions) if (!(await holds(facts))) return words
  return null
}

function compile(written: unknown, depth: number): TypeCondition {
  if (typeof written === 'string') return { words: written.trim(), holds: comparing(written) }
  const [[word, list] = [], ...more] = Object.entries(written ?? {})
  const isGroup = (word === 'any' || word === 'all') && more.length === 0
  if (!isGroup || !Array.isArray(list) || list.length === 0 || list.length > MOST) {
    throw new Error(`say "<field> = value", or {"any": […]} or {"all": […]} of 1 to ${MOST}`)
  }
  if (depth >= DEEPEST) throw new Error(`any and all lie at most ${DEEPEST} deep`)
  const parts = list.map((each) => compile(each, depth + 1))
  const words = `${word} (${parts.map((part) => part.words).join('; ')})`
  return { words, holds: word === 'any' ? anyOf(parts) : allOf(parts) }
}

function comparing(text: string): Test {
  const { field, fits } = parseComparison(text, FIELD, KNOWN)
  const present = Object.hasOwn(PRESENCE, field) ? PRESENCE[field] : undefined
  if (present !== undefined) return async ({ presence }) => fits((await presence())[present])
  return (facts) => fits(factAt(facts, field))
}

function factAt({ user, payload, type, priority }: Facts, field: string): unknown {
  const [root, ...names] = field.split('.')
  if (root === 'type') return type
  if (root === 'priority') return priority
  if (root === 'user' && names.length === 0) return user?.id
  return names.reduce<unknown>(own, root === 'user' ? user : payload)
}

function anyOf(parts: readonly TypeCondition[]): Test {
  return async (facts) => {
    for (const { holds } of parts) if (await holds(facts)) return true
    return false
  }
}

function allOf(parts: readonly TypeCondition[]): Test {
  return async (facts) => (await unmetOf(parts, facts)) === null
}
