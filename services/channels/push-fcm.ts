import type { Message } from 'firebase-admin/messaging'
import type { Clock } from '../../src/index.ts'
import type { FcmAccount } from './fcm-account.ts'
import { type FcmVerdict, fcmOutcome } from './fcm-outcome.ts'
import { Lockout } from './lockout.ts'
import type { DeviceOutcome, PushCarrier } from './push-carrier.ts'
import { appleCollapseId, type PushNote } from './push-message.ts'

/** The client's own limit for one request is 15 s; this is for a client that hangs. */
const ANSWER_WITHIN_MS = 20_000
/** FCM keeps nothing for longer, and refuses to. */
const MOST_TTL_MS = 28 * 86_400_000
/** Names that FCM keeps for itself. */
const RESERVED = /^(from|message_type|google\.|gcm\.)/i

interface Parts {
  readonly account: FcmAccount
  readonly clock: Clock
}

/** Notifications by Firebase Cloud Messaging. */
export class FcmPush implements PushCarrier {
  readonly name = 'fcm'
  readonly #parts: Parts
  readonly #lockout: Lockout<DeviceOutcome>

  constructor(parts: Parts) {
    this.#parts = parts
    this.#lockout = new Lockout(parts.clock)
  }

  async send(
    note: PushNote,
    tokens: readonly string[],
    signal: AbortSignal,
  ): Promise<DeviceOutcome[]> {
    const { outcome: unasked } = this.#lockout
    if (unasked !== null) return tokens.map(() => unasked)
    const outcomes = withoutGuesses(await this.#ask(note, tokens, signal))
    const refused = outcomes.find(({ isBadCredentials }) => isBadCredentials)
    if (refused !== undefined) this.#lockout.begin(refused.outcome)
    return outcomes.map(({ outcome }) => outcome)
  }

  async close(): Promise<void> {
    await this.#parts.account.close()
  }

  async #ask(
    note: PushNote,
    tokens: readonly string[],
    signal: AbortSignal,
  ): Promise<FcmVerdict[]> {
    const now = this.#parts.clock.now()
    const base = messageFor(note, now)
    try {
      const messaging = await this.#parts.account.messaging()
      const sending = messaging.sendEach(tokens.map((token) => ({ ...base, token })))
      const { responses } = await this.#within(sending, signal)
      return responses.map(({ success, messageId, error }) =>
        success
          ? { outcome: { status: 'sent', ...(messageId ? { id: messageId } : {}) } }
          : fcmOutcome(error, now),
      )
    } catch (error) {
      return tokens.map(() => fcmOutcome(error, now))
    }
  }

  #within<Result>(sending: Promise<Result>, signal: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      const giveUp = () => reject(new Error('no answer'))
      const cancel = this.#parts.clock.after(ANSWER_WITHIN_MS, giveUp)
      signal.addEventListener('abort', giveUp, { once: true })
      sending.then(resolve, reject).finally(() => {
        cancel()
        signal.removeEventListener('abort', giveUp)
      })
    })
  }
}

/**
 * "Invalid argument" may mean the token or the message. It was the token when
 * the same message was taken for another one.
 */
function withoutGuesses(verdicts: FcmVerdict[]): FcmVerdict[] {
  const wasTaken = verdicts.some(({ outcome }) => outcome.status === 'sent')
  return verdicts.map((verdict) => {
    if (!verdict.isInvalidArgument || !wasTaken || !('reason' in verdict.outcome)) return verdict
    return { outcome: { status: 'dead', reason: verdict.outcome.reason } }
  })
}

/** The message without its token, in Firebase's words. */
function messageFor(note: PushNote, now: number): Omit<Message, 'token'> {
  const { title, body, badge, collapseId, priority, expiresAt } = note
  const isUrgent = priority === 'high' || priority === 'critical'
  const ttlMs = expiresAt === null ? null : Math.max(0, Math.min(MOST_TTL_MS, expiresAt - now))
  return {
    notification: { title, ...(body === '' ? {} : { body }) },
    data: Object.fromEntries(
      Object.entries(note.data).map(([name, value]) => [
        RESERVED.test(name) ? `_${name}` : name,
        value,
      ]),
    ),
    android: {
      collapseKey: collapseId,
      priority: isUrgent ? 'high' : 'normal',
      ...(ttlMs === null ? {} : { ttl: ttlMs }),
      notification: {
        tag: collapseId,
        ...(badge === null ? {} : { notificationCount: badge }),
      },
    },
    apns: {
      headers: {
        'apns-collapse-id': appleCollapseId(note),
        'apns-priority': isUrgent ? '10' : '5',
        ...(expiresAt === null ? {} : { 'apns-expiration': String(Math.floor(expiresAt / 1000)) }),
      },
      payload: { aps: { sound: 'default', ...(badge === null ? {} : { badge }) } },
    },
    webpush: { notification: { tag: collapseId } },
  }
}
