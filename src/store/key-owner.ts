/**
 * Whose partition a key lies in, read from its name: the way back from `keys.ts`.
 *
 * @module
 */

/** `id`: all of the key; `members`: each member in its own; `fixed`: by a word; `drop`: not moved. */
export type Placement =
  | { readonly by: 'id'; readonly id: string }
  | { readonly by: 'members' }
  | { readonly by: 'drop' }

type Rule = readonly [pattern: RegExp, place: (match: RegExpExecArray) => Placement]

const id = (match: RegExpExecArray): Placement => ({ by: 'id', id: match[1] ?? '' })
const members = (): Placement => ({ by: 'members' })
const drop = (): Placement => ({ by: 'drop' })
const fixed = (word: string) => (): Placement => ({ by: 'id', id: word })

const RULES: readonly Rule[] = [
  // Sessions belong to connections that do not move along.
  [/^websocket:/, drop],
  [/^(?:gateway:|presence|channel_cache:)/, drop],
  [/^(?:rate:|mqtt:|packet:)/, drop],
  [
    /^user:(.+):(?:notifications|unread|unread_notifications|notification_preferences|push_tokens|profile)$/,
    id,
  ],
  [/^user:(.+?):(?:collapse|digest|digest_last|throttle):/, id],
  [/^(?:notification|scheduled|broadcast|event|trace|digest|recurrence|receipt):([^:]+)/, id],
  [/^(?:recurrences|waiting:.+)$/, members],
  [/^(erased:.+)$/, id],
  [/^alert:([^:]+)/, id],
  [/^alerts:(?:dedup|flap):(.+)$/, id],
  [/^alerts:group:([^:]+)/, id],
  [/^[a-z]+_job:(.+)$/, id],
  [/^sms:(?:opt_out|last):(.+)$/, id],
  [/^group:(.+):members$/, id],
  [/^oncall:(.+)$/, id],
  [/^users:(.+)$/, id],
  [/^groups$/, fixed('groups')],
  [/^(?:silences?(?::.+)?|maintenance:.+)$/, fixed('silences')],
  [/^(?:schedules?(?::.+)?)$/, fixed('schedules')],
  [/^inhibition_rules?(?::.+)?$/, fixed('inhibition_rules')],
  [/^escalation_polic(?:y:.+|ies(?::.+)?)$/, fixed('escalation_policies')],
  [/^system:status/, fixed('system')],
  [
    /^(?:users|alerts:open|alerts:recent|alerts:critical|alerts:held|alerts:unanswered:.+|alerts:inhibiting:.+|events:log|notifications:snoozed)$/,
    members,
  ],
]

/** Without tenant prefix; a key that no rule knows stays in the first partition. */
export function placementOf(key: string): Placement {
  const name = key.replace(/^t:[^:]+:/, '')
  for (const [pattern, place] of RULES) {
    const match = pattern.exec(name)
    if (match) return place(match)
  }
  return { by: 'id', id: '' }
}
