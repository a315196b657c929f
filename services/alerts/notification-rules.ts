import { type Keys, partitionOf, type Store } from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import { assertUserId } from '../directory/user-record.ts'
import type { Severity } from './alert-record.ts'
import type { ContactMethods } from './contact-methods.ts'
import { PAGING } from './escalation-policy.ts'

/** How somebody wants to hear of alerts: "push at once, a text after 2 minutes, a call after 5". */
export interface NotificationRule {
  readonly channel: ChannelName
  /** From the moment at which his step is told. */
  readonly delay_minutes: number
  /** `null`: alerts of every severity. */
  readonly severity: Severity | null
}

/** The channels of a moment after the first. */
export interface LaterTelling {
  readonly delayMinutes: number
  readonly channels: readonly ChannelName[]
}

export interface PersonalPlan {
  readonly atOnce: readonly ChannelName[]
  readonly later: readonly LaterTelling[]
}

/** What a person said of how he is told of alerts. */
export class NotificationRules {
  readonly #store: Store
  readonly #keys: Keys
  readonly #contacts: ContactMethods

  constructor(parts: { store: Store; keys: Keys; contacts: ContactMethods }) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#contacts = parts.contacts
  }

  async find(user: string): Promise<readonly NotificationRule[]> {
    const text = await this.#store.get(this.#at(user), this.#keys.notificationRules(user))
    return text === null ? [] : (JSON.parse(text) as NotificationRule[])
  }

  /** Replaces them; without any, the severity decides. */
  async save(user: string, rules: readonly NotificationRule[]): Promise<void> {
    assertUserId(user)
    const key = this.#keys.notificationRules(user)
    await this.#store.commit({
      partition: this.#at(user),
      ops: rules.length === 0 ? [['del', key]] : [['set', key, JSON.stringify(rules), 0]],
    })
  }

  /**
   * His way of hearing of alerts of a severity; `null` when he said nothing of
   * them, or names no address that was proved to be his.
   */
  async plan(user: string, severity: Severity): Promise<PersonalPlan | null> {
    const rules = await this.find(user)
    if (rules.length === 0) return null
    const mayUse = await this.#contacts.verified(user)
    return planOf(
      rules.filter(({ channel }) => mayUse(channel)),
      severity,
    )
  }

  #at(user: string): number {
    return partitionOf(user, this.#store.partitions)
  }
}

/** Rules of one severity by their delay; whoever has the app open always sees an alert at once. */
export function planOf(
  rules: readonly NotificationRule[],
  severity: Severity,
): PersonalPlan | null {
  const mayPage = severity !== 'info'
  const own = rules
    .filter((rule) => rule.severity === null || rule.severity === severity)
    .filter(({ channel }) => mayPage || !PAGING.includes(channel))
  if (own.length === 0) return null
  const byDelay = new Map<number, Set<ChannelName>>([[0, new Set(['realtime'])]])
  for (const { delay_minutes, channel } of own) {
    const channels = byDelay.get(delay_minutes) ?? new Set()
    byDelay.set(delay_minutes, channels.add(channel))
  }
  const [first, ...later] = [...byDelay].sort(([a], [b]) => a - b)
  return {
    atOnce: [...(first?.[1] ?? [])],
    later: later.map(([delayMinutes, channels]) => ({ delayMinutes, channels: [...channels] })),
  }
}
