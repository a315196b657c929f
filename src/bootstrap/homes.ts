import { ownerOfHistory } from '../gateway/channel-history.ts'
import type { StoredKey } from '../store/store.ts'

/** Where in a store of several partitions a key belongs. */
export type Home =
  /** In the partition of an id or a name. */
  | { readonly kind: 'of'; readonly name: string }
  /** Each entry in the partition of what it is about. */
  | { readonly kind: 'entries'; readonly nameOf: (entry: string) => string }
  /** In the first one; also what is summed up over all of them. */
  | { readonly kind: 'first' }
  /** In every one, because the key does not say in which it will be asked for. */
  | { readonly kind: 'all' }

type Rule = readonly [pattern: RegExp, home: (found: RegExpExecArray, key: StoredKey) => Home]

const of = (name: string): Home => ({ kind: 'of', name })
const ofFirst = ([, name = '']: RegExpExecArray): Home => of(name)
const FIRST: Home = { kind: 'first' }
const ALL: Home = { kind: 'all' }

const OF_USER =
  'notifications|unread|unread_notifications|profile|notification_preferences|notification_rules|contact_methods|push_tokens|(?:collapse|digest|digest_last|throttle|hook):.+'
const OF_ID =
  'notification|scheduled|trace|receipt|recurrence|digest|broadcast|alert|event|notifiable_event'
const BY_MEMBER =
  'users|timezone:.+:users|recurrences|events:log|heartbeats:due|waiting:.+|alerts:(?:critical|open|recent|inhibiting:.+|unanswered:.+)'

/** The first rule that fits decides; what none fits lies in the first partition. */
const RULES: readonly Rule[] = [
  [new RegExp(`^user:(.+?):(?:${OF_USER})$`), ofFirst],
  [/^channel_(?:history|position):(.+)$/, ([, name = '']) => of(ownerOfHistory(name) ?? name)],
  [new RegExp(`^(?:${OF_ID}):([^:]+)`), ofFirst],
  [/^alerts:(?:dedup|flap):(.+)$/, ofFirst],
  [/^alerts:group:([^:]+)/, ofFirst],
  [/^(?:users|oncall|schedule_oncall|watched|sms:(?:opt_out|last|codes)):(.+)$/, ofFirst],
  [/^group:(.+):members$/, ofFirst],
  [/^(groups|oncall_types)$/, ofFirst],
  [/^system:status(?::|$)/, () => of('system')],
  [/^template(?:s$|:|_name:)/, () => of('templates')],
  [/^heartbeats:watched$/, () => FIRST],
  [/^(?:silence|maintenance)(?:s$|:|s:)/, (_, { key }) => of(`${scopeOf(key)}silences`)],
  [/^(schedule|inhibition_rule|heartbeat|alert_routing)(?:s$|s:version$|:)/, documents],
  [/^escalation_polic(?:ies|y:)/, (_, { key }) => of(`${scopeOf(key)}escalation_policies`)],
  [/^erased:/, (_, { key }) => of(key)],
  [/^[a-z][a-z0-9_-]*_job:(.+)$/, ([, id = '']) => of(placeOfJob(id))],
  [/^(?:alerts:held|.+_queue:(?!paused)\w+)$/, () => ({ kind: 'entries', nameOf: placeOfJob })],
  [new RegExp(`^(?:${BY_MEMBER})$`), () => ({ kind: 'entries', nameOf: (entry) => entry })],
  [/^notifications:snoozed$/, () => ({ kind: 'entries', nameOf: firstWord })],
  [/^idempotency:/, placeOfMark],
  [/^(?:timezones|link:.+|.+_queue:paused)$/, () => ALL],
]

/** Where a key belongs, by its name and, where the name does not say it, by what it holds. */
export function homeOf(key: StoredKey): Home {
  const name = key.key.slice(scopeOf(key.key).length)
  for (const [pattern, home] of RULES) {
    const found = pattern.exec(name)
    if (found) return home(found, key)
  }
  return FIRST
}

/** A tenant's prefix, or nothing. */
function scopeOf(key: string): string {
  return /^t:[^:]+:/.exec(key)?.[0] ?? ''
}

function documents([, noun]: RegExpExecArray, { key }: StoredKey): Home {
  return of(`${scopeOf(key)}${noun}s`)
}

function firstWord(entry: string): string {
  return entry.slice(0, entry.indexOf(' '))
}

/** The telling of a group of alerts lies with the group, every other job with its id. */
function placeOfJob(id: string): string {
  return /^([0-9a-f]{32})\.flush\./.exec(id)?.[1] ?? id
}

/** A mark lies with what its message made. Where the answer does not tell, every partition has it. */
function placeOfMark(_: RegExpExecArray, { value }: StoredKey): Home {
  const mail = /"(?:email_id|sms_id)":"([^"]+)"/.exec(String(value))
  return mail?.[1] === undefined ? ALL : of(mail[1])
}
