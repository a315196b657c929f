import { createHash } from 'node:crypto'
import { type Clock, messageOf } from '../../src/index.ts'
import type { Answered } from './http/exchange.ts'
import type { GuardedSender, HttpResult } from './http/guarded-sender.ts'
import { retryAfterOf, wordOf } from './http/http-outcome.ts'
import type { DeviceOutcome, PushCarrier } from './push-carrier.ts'
import type { PushNote } from './push-message.ts'
import { subscriptionOf, type WebSubscription } from './push-routing.ts'

/** A browser that is away so long has seen worse. */
const MOST_TTL_SECONDS = 4 * 7 * 86_400
const TOPIC_CHARACTERS = 32
const URGENCY = { low: 'low', normal: 'normal', high: 'high', critical: 'high' } as const

interface Parts {
  readonly vapid: {
    readonly subject: string
    readonly publicKey: string
    readonly privateKey: string
  }
  readonly sender: Pick<GuardedSender, 'post' | 'close'>
  readonly clock: Clock
}

/**
 * Notifications to browsers by their own push services (RFC 8030), encrypted for
 * the browser alone (RFC 8291) and signed as ours (VAPID, RFC 8292). The address
 * comes from the browser, so it passes the URL guard.
 */
export class WebPush implements PushCarrier {
  readonly name = 'webpush'
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  send(note: PushNote, tokens: readonly string[], signal: AbortSignal): Promise<DeviceOutcome[]> {
    return Promise.all(tokens.map((token) => this.#sendOne(note, token, signal)))
  }

  async close(): Promise<void> {
    await this.#parts.sender.close()
  }

  async #sendOne(note: PushNote, token: string, signal: AbortSignal): Promise<DeviceOutcome> {
    const subscription = subscriptionOf(token)
    if (subscription === null) return { status: 'dead', reason: 'the token is no subscription' }
    let request: Awaited<ReturnType<WebPush['compose']>>
    try {
      request = await this.compose(note, subscription)
    } catch (error) {
      // It may be our own keys that are wrong, for which no browser is forgotten.
      return { status: 'failed', reason: `it cannot be encrypted: ${messageOf(error)}` }
    }
    return this.#outcomeOf(await this.#parts.sender.post(request, signal))
  }

  /** The request for one browser. Throws when its keys or ours are none. */
  async compose(note: PushNote, subscription: WebSubscription) {
    const { default: webPush } = await import('web-push')
    const { vapid, clock } = this.#parts
    const left = note.expiresAt === null ? MOST_TTL_SECONDS : (note.expiresAt - clock.now()) / 1000
    const { endpoint, headers, body } = webPush.generateRequestDetails(
      subscription,
      JSON.stringify(payloadOf(note)),
      {
        vapidDetails: vapid,
        contentEncoding: 'aes128gcm',
        TTL: Math.round(Math.max(0, Math.min(MOST_TTL_SECONDS, left))),
        urgency: URGENCY[note.priority],
        topic: topicOf(note.collapseId),
      },
    )
    const { 'Content-Length': _, 'Content-Type': type, ...rest } = headers
    const texts = Object.entries(rest).map(([name, value]) => [name, String(value)])
    const all = { ...Object.fromEntries(texts), 'content-type': String(type) }
    return { url: endpoint, headers: all as Record<string, string>, body }
  }

  #outcomeOf(result: HttpResult): DeviceOutcome {
    switch (result.kind) {
      case 'refused':
        return { status: 'failed', reason: `refused by the URL guard: ${result.reason}` }
      case 'unreachable':
        return { status: 'unreachable', reason: result.reason }
      case 'lost':
        // The same topic again replaces the first one, so it may be sent again.
        return { status: 'retry', reason: `sent, but the answer was lost: ${result.reason}` }
      case 'answered':
        return this.#outcomeOfAnswer(result)
    }
  }

  #outcomeOfAnswer(answer: Answered): DeviceOutcome {
    const { status, headers, body } = answer
    if (status < 300)
      return { status: 'sent', ...(headers.location ? { id: headers.location } : {}) }
    const word = wordOf(body)
    const reason = `answered ${status}${word === null ? '' : `: ${word}`}`
    if (status === 404 || status === 410) return { status: 'dead', reason }
    if (status === 401) return { status: 'unreachable', reason: `bad_credentials: ${reason}` }
    if (status !== 429 && status < 500) return { status: 'failed', reason }
    const retryAfterMs = retryAfterOf(answer, this.#parts.clock.now())
    return { status: 'retry', reason, ...(retryAfterMs === null ? {} : { retryAfterMs }) }
  }
}

/** What the browser's service worker gets. */
function payloadOf({ title, body, data, actions, collapseId, badge }: PushNote): object {
  const { actions: _, ...rest } = data
  return { title, body, data: rest, actions, tag: collapseId, ...(badge === null ? {} : { badge }) }
}

/** Push services take 32 characters of base64url (RFC 8030 §5.4). */
function topicOf(collapseId: string): string {
  return createHash('sha256').update(collapseId).digest('base64url').slice(0, TOPIC_CHARACTERS)
}
