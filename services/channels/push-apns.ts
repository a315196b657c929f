import { importPKCS8, SignJWT } from 'jose'
import { type Clock, messageOf, uuidFrom } from '../../src/index.ts'
import type { ApnsSession } from './apns-session.ts'
import type { Answered } from './http/exchange.ts'
import type { HttpResult } from './http/guarded-sender.ts'
import { jsonOf, retryAfterOf, wordOf } from './http/http-outcome.ts'
import { Lockout } from './lockout.ts'
import type { DeviceOutcome, PushCarrier } from './push-carrier.ts'
import { appleCollapseId, type PushNote } from './push-message.ts'

/** Apple wants a token to be renewed after 20 minutes at the earliest and 60 at the latest. */
const TOKEN_AGE_MS = 50 * 60_000
const LEAST_TOKEN_AGE_MS = 20 * 60_000
/** It is `APNS_BUNDLE_ID` that is wrong, for every device. */
const NOT_OUR_TOPIC = ['BadTopic', 'MissingTopic', 'TopicDisallowed']

interface Parts {
  readonly session: ApnsSession
  readonly keyId: string
  readonly teamId: string
  /** PEM of the `.p8` file. */
  readonly key: string
  readonly bundleId: string
  readonly clock: Clock
}

/** Notifications to Apple's devices by Apple's own service, with a token instead of a certificate. */
export class ApnsPush implements PushCarrier {
  readonly name = 'apns'
  readonly #parts: Parts
  #token: { readonly text: Promise<string>; readonly signedAt: number } | null = null
  readonly #lockout: Lockout<DeviceOutcome>

  constructor(parts: Parts) {
    this.#parts = parts
    this.#lockout = new Lockout(parts.clock)
  }

  send(note: PushNote, tokens: readonly string[], signal: AbortSignal): Promise<DeviceOutcome[]> {
    return Promise.all(tokens.map((token) => this.#sendOne(note, token, signal)))
  }

  async close(): Promise<void> {
    await this.#parts.session.close()
  }

  async #sendOne(note: PushNote, device: string, signal: AbortSignal): Promise<DeviceOutcome> {
    const { outcome } = this.#lockout
    if (outcome !== null) return outcome
    // Only our own key makes it reject.
    return this.#lockout.after(await this.#ask(note, device, signal).catch(keyUnusable))
  }

  async #ask(note: PushNote, device: string, signal: AbortSignal): Promise<DeviceOutcome> {
    const { clock } = this.#parts
    let result = await this.#post(note, device, signal)
    const token = this.#token
    const isOld = token !== null && clock.now() - token.signedAt >= LEAST_TOKEN_AGE_MS
    if (wordOfResult(result) === 'ExpiredProviderToken' && isOld) {
      this.#token = null
      result = await this.#post(note, device, signal)
    }
    return apnsOutcome(result, clock.now())
  }

  async #post(note: PushNote, device: string, signal: AbortSignal): Promise<HttpResult> {
    const { session, bundleId } = this.#parts
    const { id, expiresAt, priority } = note
    const isUrgent = priority === 'high' || priority === 'critical'
    const headers = {
      authorization: `bearer ${await this.#providerToken()}`,
      'apns-topic': bundleId,
      'apns-push-type': 'alert',
      'apns-priority': isUrgent ? '10' : '5',
      // The same at every try, so that Apple's logs show them as one.
      'apns-id': uuidFrom('apns', id, device),
      'apns-collapse-id': appleCollapseId(note),
      ...(expiresAt === null ? {} : { 'apns-expiration': String(Math.floor(expiresAt / 1000)) }),
    }
    const path = `/3/device/${encodeURIComponent(device)}`
    return session.post({ path, headers, body: JSON.stringify(payloadOf(note)) }, signal)
  }

  #providerToken(): Promise<string> {
    const { clock, keyId, teamId, key } = this.#parts
    const now = clock.now()
    const age = this.#token === null ? Number.NaN : now - this.#token.signedAt
    // Signed in the future, where the clock was set back, it would not hold.
    if (!(age >= 0 && age <= TOKEN_AGE_MS)) {
      const text = importPKCS8(key, 'ES256').then((secret) =>
        new SignJWT({})
          .setProtectedHeader({ alg: 'ES256', kid: keyId })
          .setIssuer(teamId)
          .setIssuedAt(Math.floor(now / 1000))
          .sign(secret),
      )
      this.#token = { text, signedAt: now }
    }
    return this.#token!.text
  }
}

function keyUnusable(error: unknown): DeviceOutcome {
  const reason = `bad_credentials: APNS_KEY_FILE cannot be used: ${messageOf(error)}`
  return { status: 'unreachable', reason }
}

function payloadOf({ title, body, data, badge, collapseId }: PushNote): object {
  const { aps: _, ...own } = data
  const alert = { title, ...(body === '' ? {} : { body }) }
  const aps = { alert, sound: 'default', 'thread-id': collapseId }
  return { ...own, aps: badge === null ? aps : { ...aps, badge } }
}

function wordOfResult(result: HttpResult): string | null {
  return result.kind === 'answered' ? wordOf(jsonOf(result).reason) : null
}

/**
 * What Apple's answer means. A token is dead after 410 and after `BadDeviceToken`,
 * and after nothing else: not when it belongs to another app of ours, not when
 * Apple is busy.
 */
function apnsOutcome(result: HttpResult, now: number): DeviceOutcome {
  switch (result.kind) {
    case 'answered':
      return outcomeOfAnswer(result, now)
    case 'lost':
      // The same collapse id again replaces the first one, so it may be sent again.
      return { status: 'retry', reason: `sent, but the answer was lost: ${result.reason}` }
    default:
      return { status: 'unreachable', reason: result.reason }
  }
}

function outcomeOfAnswer(answer: Answered, now: number): DeviceOutcome {
  const { status, headers } = answer
  if (status === 200)
    return { status: 'sent', ...(headers['apns-id'] ? { id: headers['apns-id'] } : {}) }
  const word = wordOf(jsonOf(answer).reason)
  const reason = `answered ${status}${word === null ? '' : `: ${word}`}`
  if (status === 410 || word === 'BadDeviceToken') return { status: 'dead', reason }
  if (status === 403 || NOT_OUR_TOPIC.includes(word ?? '')) {
    return { status: 'unreachable', reason: `bad_credentials: ${reason}` }
  }
  if (status !== 429 && status < 500) return { status: 'failed', reason }
  const retryAfterMs = retryAfterOf(answer, now)
  return { status: 'retry', reason, ...(retryAfterMs === null ? {} : { retryAfterMs }) }
}
