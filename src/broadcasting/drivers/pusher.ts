import { messageOf } from '../../support/errors.ts'
import type { AppCredentials } from '../app-credentials.ts'
import { type Broadcaster, BroadcastFailed, type BroadcastMessage } from '../broadcaster.ts'
import { readChannelName } from '../channel-name.ts'
import { sealedFor } from '../sealed.ts'

/** What one request may name (Pusher's figure). */
const MOST_CHANNELS = 100
const ANSWER_WITHIN_MS = 10_000
const MOST_CHARACTERS = 4096
/** Statuses that are worth another try, besides all of 5xx. */
const TRY_AGAIN = [408, 425, 429]

interface Parts {
  readonly credentials: AppCredentials
  /** `https://api-mt1.pusher.com`, or any server that speaks the same. */
  readonly baseUrl: string
  readonly now?: () => number
}

/** Pusher Channels, or any server that speaks its HTTP API, by signed requests. */
export class PusherBroadcaster implements Broadcaster {
  readonly name = 'pusher'
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** An event on more than a hundred channels is several requests, and may come twice after a failure. */
  async broadcast(message: BroadcastMessage, signal?: AbortSignal): Promise<void> {
    const { credentials } = this.#parts
    const { event: name, except } = message
    const socket = except === null ? {} : { socket_id: except }
    for (const channels of requestsOf(message.channels)) {
      const data = sealedFor(channels[0] ?? '', message.data, () => credentials)
      await this.#request('POST', 'events', { name, channels, data, ...socket }, signal)
    }
  }

  async verify(): Promise<void> {
    await this.#request('GET', 'channels', null)
  }

  async #request(
    method: string,
    path: string,
    body: object | null,
    signal?: AbortSignal,
  ): Promise<void> {
    const { credentials, baseUrl, now = Date.now } = this.#parts
    const text = body === null ? '' : JSON.stringify(body)
    const url = credentials.signedUrl(
      { method, path: `/apps/${credentials.id}/${path}`, body: text },
      now(),
    )
    const ends = [AbortSignal.timeout(ANSWER_WITHIN_MS), ...(signal ? [signal] : [])]
    let response: Response
    try {
      response = await fetch(baseUrl + url, {
        method,
        redirect: 'manual',
        signal: AbortSignal.any(ends),
        ...(body === null ? {} : { body: text, headers: { 'content-type': 'application/json' } }),
      })
    } catch (error) {
      throw new BroadcastFailed('unreachable', reasonOf(error), { cause: error })
    }
    const answer = await beginningOf(response)
    if (!response.ok) throw failureOf(response, answer)
  }
}

/** An encrypted channel goes alone: each has a key of its own. */
function requestsOf(channels: readonly string[]): string[][] {
  const isSealed = (channel: string) => readChannelName(channel).kind === 'encrypted'
  const open = channels.filter((channel) => !isSealed(channel))
  const requests = channels.filter(isSealed).map((channel) => [channel])
  for (let at = 0; at < open.length; at += MOST_CHANNELS) {
    requests.push(open.slice(at, at + MOST_CHANNELS))
  }
  return requests
}

/** As much of an answer as says what is wrong; whoever has more to say is cut short. */
async function beginningOf({ body }: Response): Promise<string> {
  let text = ''
  try {
    for await (const part of (body ?? []) as AsyncIterable<Uint8Array>) {
      text += Buffer.from(part).toString()
      if (text.length > MOST_CHARACTERS) break
    }
  } catch {
    // Its status has been heard.
  }
  return text
}

function failureOf({ status, headers }: Response, answer: string): BroadcastFailed {
  const word = answer.replace(/[^\x20-\x7e]+/g, ' ').slice(0, 120)
  const reason = `answered ${status}${word === '' ? '' : `: ${word}`}`
  if (status < 500 && !TRY_AGAIN.includes(status)) return new BroadcastFailed('refused', reason)
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  const retryAfterMs = seconds > 0 ? Math.min(seconds * 1000, 3_600_000) : undefined
  return new BroadcastFailed('retry', reason, { retryAfterMs })
}

/** `fetch` says what happened in the cause of its error. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown }
  const { code } = (cause ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' ? `${messageOf(error)} (${code})` : messageOf(error)
}
