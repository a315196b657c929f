import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { type Clock, messageOf } from '../../src/index.ts'
import type { HttpResult } from './http/guarded-sender.ts'

const CONNECT_WITHIN_MS = 5_000
const ANSWER_WITHIN_MS = 15_000
/** What Apple says is short; whoever says more is somebody else. */
const MOST_BYTES = 16_384

interface Options {
  /** `https://…`, or `http://…` for HTTP/2 without TLS. */
  readonly url: string
  readonly clock: Clock
  readonly answerWithinMs?: number
}

interface Post {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** One HTTP/2 connection that is kept, and opened anew when it has ended. */
export class ApnsSession {
  readonly #options: Options
  #session: ClientHttp2Session | null = null

  constructor(options: Options) {
    this.#options = options
  }

  /** One request; never rejects. */
  async post(post: Post, signal: AbortSignal): Promise<HttpResult> {
    if (signal.aborted) return { kind: 'unreachable', reason: 'stopped before it was sent' }
    let session: ClientHttp2Session
    try {
      session = this.#session ?? (await this.#connect())
    } catch (error) {
      return { kind: 'unreachable', reason: messageOf(error) }
    }
    return this.#exchange(session, post, signal)
  }

  close(): Promise<void> {
    this.#session?.destroy()
    this.#session = null
    return Promise.resolve()
  }

  #connecting: Promise<ClientHttp2Session> | null = null

  /** Those who come while it is being opened share it. */
  #connect(): Promise<ClientHttp2Session> {
    this.#connecting ??= this.#open().finally(() => {
      this.#connecting = null
    })
    return this.#connecting
  }

  #open(): Promise<ClientHttp2Session> {
    const { url, clock } = this.#options
    const session = connect(url)
    return new Promise((resolve, reject) => {
      const cancel = clock.after(CONNECT_WITHIN_MS, () => {
        session.destroy(new Error('no connection within 5 s'))
      })
      const forget = () => {
        if (this.#session === session) this.#session = null
      }
      session.once('connect', () => {
        cancel()
        session.unref()
        this.#session = session
        resolve(session)
      })
      session.on('error', (error) => {
        cancel()
        forget()
        reject(error)
      })
      // After GOAWAY what is under way ends, and nothing new is taken.
      session.on('goaway', forget)
      session.on('close', () => {
        forget()
        reject(new Error('the connection was closed'))
      })
    })
  }

  #exchange(session: ClientHttp2Session, post: Post, signal: AbortSignal): Promise<HttpResult> {
    let stream: ClientHttp2Stream
    try {
      const headers: OutgoingHttpHeaders = {
        ...post.headers,
        ':method': 'POST',
        ':path': post.path,
      }
      stream = session.request(headers, { signal })
    } catch (error) {
      if (this.#session === session) this.#session = null
      return Promise.resolve({ kind: 'unreachable', reason: messageOf(error) })
    }
    return this.#answer(stream, post.body, () => this.#leave(session))
  }

  /** What is under way on it may end, and nothing new is taken: others get a connection of their own. */
  #leave(session: ClientHttp2Session): void {
    if (this.#session === session) this.#session = null
    session.close()
  }

  /** `onSilence`: the connection may have died without a word, so it is not asked again. */
  #answer(stream: ClientHttp2Stream, body: string, onSilence: () => void): Promise<HttpResult> {
    const { clock, answerWithinMs = ANSWER_WITHIN_MS } = this.#options
    const { promise, resolve } = Promise.withResolvers<HttpResult>()
    let head: { status: number; headers: Record<string, string> } | null = null
    let text = ''
    const cancel = clock.after(answerWithinMs, () => {
      resolve({ kind: 'lost', reason: `no answer within ${answerWithinMs / 1000} s` })
      stream.close(constants.NGHTTP2_CANCEL)
      onSilence()
    })
    stream.setEncoding('utf8')
    stream.on('response', (headers) => {
      const flat = Object.entries(headers).map(([name, value]) => [name, String(value ?? '')])
      head = { status: Number(headers[':status']), headers: Object.fromEntries(flat) }
    })
    stream.on('data', (chunk: string) => {
      if (text.length < MOST_BYTES) text += chunk
    })
    const end = (reason: string, isComplete: boolean) => {
      cancel()
      if (head !== null) resolve({ kind: 'answered', ...head, body: text, isComplete })
      else resolve({ kind: wasRefused(stream) ? 'unreachable' : 'lost', reason })
    }
    stream.on('end', () => end('the stream ended', true))
    stream.on('error', (error) => end(messageOf(error), false))
    stream.on('close', () => end('the stream was closed', false))
    stream.end(body)
    return promise
  }
}

/** The server says that it has done nothing with the request (RFC 9113 §8.7). */
function wasRefused({ rstCode }: ClientHttp2Stream): boolean {
  return rstCode === constants.NGHTTP2_REFUSED_STREAM
}
