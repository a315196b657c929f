import { createHash } from 'node:crypto'
import { type Clock, isoTime, type Keys, partitionOf, type Store } from '../../src/index.ts'

/** That a number wants no text messages, and how we know. */
export interface OptOut {
  readonly at: string
  /** `reply`: it sent STOP; `provider`: the provider refused for that reason. */
  readonly source: 'reply' | 'provider'
  /** Who was reached under the number; `null`: nobody whom we know. */
  readonly user_id: string | null
}

/** What was sent to a number last, so that an answer can be understood. */
export interface LastSms {
  readonly user_id: string | null
  readonly notification_id: string | null
  /** The alerts of which it spoke. */
  readonly alert_ids: readonly string[]
  readonly at: string
}

/** An answer that comes later than this is about nothing. */
const CONVERSATION_TTL_MS = 30 * 86_400_000

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  /** Switches a user's text messages on or off. */
  readonly setPreference: (userId: string, wantsSms: boolean) => Promise<void>
}

/**
 * Who wants no text messages: a list of numbers, kept as hashes and for good,
 * beside the preference of the user whom we know under the number.
 */
export class SmsConsent {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The opt-out of a number in E.164 form; `null` when there is none. */
  async find(phone: string): Promise<OptOut | null> {
    const { keys } = this.#parts
    const text = await this.#read(phone, keys.smsOptOut)
    return text === null ? null : (JSON.parse(text) as OptOut)
  }

  async optOut(phone: string, { userId, source }: Reason): Promise<void> {
    const { store, keys, clock, setPreference } = this.#parts
    const user = userId ?? (await this.last(phone))?.user_id ?? null
    const record: OptOut = { at: isoTime(clock.now()), source, user_id: user }
    const hash = hashOf(phone)
    await store.commit({
      partition: this.#partition(hash),
      ops: [['set', keys.smsOptOut(hash), JSON.stringify(record), 0]],
    })
    if (user !== null) await setPreference(user, false)
  }

  /** The number wants text messages again. */
  async optIn(phone: string): Promise<void> {
    const { store, keys, setPreference } = this.#parts
    const user = (await this.find(phone))?.user_id ?? (await this.last(phone))?.user_id ?? null
    const hash = hashOf(phone)
    await store.commit({
      partition: this.#partition(hash),
      ops: [['del', keys.smsOptOut(hash)]],
    })
    if (user !== null) await setPreference(user, true)
  }

  /** Keeps what a number was told last. */
  async remember(phone: string, last: Omit<LastSms, 'at'>): Promise<void> {
    const { store, keys, clock } = this.#parts
    const hash = hashOf(phone)
    const text = JSON.stringify({ ...last, at: isoTime(clock.now()) } satisfies LastSms)
    await store.commit({
      partition: this.#partition(hash),
      ops: [['set', keys.smsConversation(hash), text, CONVERSATION_TTL_MS]],
    })
  }

  async last(phone: string): Promise<LastSms | null> {
    const text = await this.#read(phone, this.#parts.keys.smsConversation)
    if (text === null) return null
    // An older release remembered one alert.
    const { alert_id, ...last } = JSON.parse(text) as LastSms & { readonly alert_id?: string }
    return { ...last, alert_ids: last.alert_ids ?? (alert_id ? [alert_id] : []) }
  }

  #read(phone: string, key: (hash: string) => string): Promise<string | null> {
    const hash = hashOf(phone)
    return this.#parts.store.get(this.#partition(hash), key(hash))
  }

  #partition(hash: string): number {
    return partitionOf(hash, this.#parts.store.partitions)
  }
}

interface Reason {
  readonly userId: string | null
  readonly source: OptOut['source']
}

function hashOf(phone: string): string {
  return createHash('sha256').update(phone).digest('hex').slice(0, 32)
}
