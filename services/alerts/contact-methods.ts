import { createHash, randomInt } from 'node:crypto'
import {
  type Clock,
  Conflict,
  InvalidPayload,
  isoTime,
  type Keys,
  partitionOf,
  type Store,
  Unavailable,
} from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { Directory } from '../directory/directory.ts'
import { ownWork } from '../notifications/acceptance.ts'
import type { DirectService } from '../notifications/direct-service.ts'
import { messageOf } from '../notifications/notification-record.ts'

/** An address of a profile that is proved by typing back a code. */
export type ContactKind = 'email' | 'phone'

/** What is known of one address of a user. */
export interface ContactMethod {
  readonly kind: ContactKind
  readonly address: string
  readonly verified_at: string | null
}

interface StoredMethod extends ContactMethod {
  /** Of the code that was sent last; `null` when there is none to type back. */
  readonly code_hash: string | null
  readonly sent_at: number
  readonly tries: number
}

type StoredMethods = Partial<Record<ContactKind, StoredMethod>>

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly directory: Directory
  readonly direct: DirectService
}

const CODE_LIVES_MS = 15 * 60_000
const BETWEEN_CODES_MS = 60_000
const MOST_TRIES = 5

/** Which addresses of people are proved to be theirs: a code is sent and typed back. */
export class ContactMethods {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The addresses of a profile; one that was changed must be proved again. */
  async list(user: string): Promise<ContactMethod[]> {
    const { directory } = this.#parts
    const [{ user: profile }, { methods }] = await Promise.all([
      directory.recipient(user),
      this.#read(user),
    ])
    return (['email', 'phone'] as const).flatMap((kind) => {
      const address = profile[kind]
      if (address === null) return []
      const known = methods[kind]
      const verified_at = known?.address === address ? known.verified_at : null
      return [{ kind, address, verified_at }]
    })
  }

  /** Whether a personal rule may use a channel: mails, texts and calls go to proved addresses only. */
  async verified(user: string): Promise<(channel: ChannelName) => boolean> {
    const proved = (await this.list(user)).filter(({ verified_at }) => verified_at !== null)
    const has = (kind: ContactKind) => proved.some((method) => method.kind === kind)
    const [email, phone] = [has('email'), has('phone')]
    return (channel) => {
      if (channel === 'email') return email
      return channel === 'sms' || channel === 'voice' ? phone : true
    }
  }

  /** Sends a code to the profile's address, once a minute at most. */
  async sendCode(user: string, kind: ContactKind): Promise<{ status: 'code_sent' }> {
    const { clock } = this.#parts
    const address = (await this.list(user)).find((method) => method.kind === kind)?.address
    if (address === undefined) throw new InvalidPayload(`User ${user} has no ${kind}.`)
    const code = String(randomInt(1_000_000)).padStart(6, '0')
    await this.#change(user, (methods) => {
      const before = methods[kind]
      const now = clock.now()
      if (before && before.address === address && now - before.sent_at < BETWEEN_CODES_MS) {
        throw new Conflict('A code was sent less than a minute ago.')
      }
      const verified_at = before?.address === address ? before.verified_at : null
      const fresh = { code_hash: hashOf(user, code), sent_at: now, tries: 0 }
      return { ...methods, [kind]: { kind, address, verified_at, ...fresh } }
    })
    await this.#send(kind, address, code)
    return { status: 'code_sent' }
  }

  /** Throws `InvalidPayload` for a wrong, old or worn-out code. */
  async verify(user: string, kind: ContactKind, code: string): Promise<{ status: 'verified' }> {
    const { clock } = this.#parts
    let isRight = false
    await this.#change(user, (methods) => {
      const method = methods[kind]
      const now = clock.now()
      const isOpen =
        method?.code_hash != null &&
        now - method.sent_at < CODE_LIVES_MS &&
        method.tries < MOST_TRIES
      if (!isOpen) throw new InvalidPayload('There is no code to type back; ask for a new one.')
      isRight = method.code_hash === hashOf(user, code)
      const after = isRight
        ? { ...method, verified_at: isoTime(now), code_hash: null }
        : { ...method, tries: method.tries + 1 }
      return { ...methods, [kind]: after }
    })
    if (!isRight) throw new InvalidPayload('This is not the code that was sent.')
    return { status: 'verified' }
  }

  async #send(kind: ContactKind, address: string, code: string): Promise<void> {
    const message = messageOf({
      title: 'Your code',
      message: `${code} is your code. It proves that alerts reach you here.`,
      // Whoever types it back is waiting: limits of his address hold it back least.
      priority: 'critical',
      expiresAt: this.#parts.clock.now() + CODE_LIVES_MS,
    })
    const to = kind === 'email' ? { email: address } : { phone: address }
    await this.#parts.direct.sendTo(to, message, ownWork)
  }

  async #change(user: string, change: (methods: StoredMethods) => StoredMethods): Promise<void> {
    const { store, keys } = this.#parts
    const key = keys.contactMethods(user)
    for (let attempt = 0; attempt < 20; attempt++) {
      const { methods, text } = await this.#read(user)
      const outcome = await store.commit({
        partition: this.#at(user),
        guards: [['expect', key, text]],
        ops: [['set', key, JSON.stringify(change(methods)), 0]],
      })
      if (outcome.applied) return
    }
    throw new Unavailable(`The addresses of ${user} are being changed by others; try again.`)
  }

  async #read(user: string): Promise<{ methods: StoredMethods; text: string | null }> {
    const { store, keys } = this.#parts
    const text = await store.get(this.#at(user), keys.contactMethods(user))
    return { methods: text === null ? {} : (JSON.parse(text) as StoredMethods), text }
  }

  #at(user: string): number {
    return partitionOf(user, this.#parts.store.partitions)
  }
}

function hashOf(user: string, code: string): string {
  return createHash('sha256').update(`${user}\0${code}`).digest('base64url')
}
