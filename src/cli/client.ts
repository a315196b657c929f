import { WrongUsage } from './wrong-usage.ts'

/** A refusal by the service, as the command line reports it; without an answer its status is 0. */
export class Refused extends Error {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(String(body.detail ?? body.message ?? body.title ?? `HTTP ${status}`))
    this.status = status
    this.body = body
  }
}

export interface ClientOptions {
  readonly url: string
  readonly token: string | null
}

export type Answer = Readonly<Record<string, unknown>>

/** What is not said is left out. */
export type Query = Readonly<Record<string, unknown>>

/** The beginning of a list, or all of it. */
export interface Listed {
  readonly rows: readonly Answer[]
  readonly isAll: boolean
}

/** Longer than the service takes for anything; whoever waits at a terminal has Ctrl-C. */
const ANSWER_WITHIN_MS = 60_000
const PAGE = 100

/** Speaks HTTP to a running service. */
export class Client {
  readonly #url: string
  readonly #token: string | null

  constructor({ url, token }: ClientOptions) {
    this.#url = url
    this.#token = token
  }

  get(path: string, query: Query = {}): Promise<Answer> {
    return this.#request('GET', withQuery(path, query))
  }

  /** The first `most` rows of a list, page after page. */
  async list(path: string, query: Query = {}, most = Number.POSITIVE_INFINITY): Promise<Listed> {
    const rows: Answer[] = []
    let cursor: unknown
    do {
      const limit = Math.min(PAGE, most - rows.length)
      const page = await this.get(path, { ...query, limit, cursor })
      rows.push(...(page.data as Answer[]))
      cursor = page.next_cursor ?? null
    } while (cursor !== null && rows.length < most)
    return { rows, isAll: cursor === null }
  }

  post(path: string, body: unknown = {}): Promise<Answer> {
    return this.#request('POST', path, body)
  }

  put(path: string, body: unknown = {}): Promise<Answer> {
    return this.#request('PUT', path, body)
  }

  delete(path: string, body?: unknown): Promise<Answer> {
    return this.#request('DELETE', path, body)
  }

  /** The lines of an answer as they come, however long that takes. */
  async *lines(path: string, query: Query): AsyncGenerator<string> {
    const response = await this.#fetch('GET', withQuery(path, query))
    const reader = response.body!.pipeThrough(new TextDecoderStream())
    let rest = ''
    for await (const chunk of reader) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
    if (rest !== '') yield rest
  }

  /** Frames of a broadcast channel as they come, until `signal` ends it. */
  async *frames(channel: string, signal: AbortSignal): AsyncGenerator<Answer> {
    const address = new URL('/ws', this.#base().href.replace(/^http/, 'ws'))
    address.searchParams.set('user_id', 'operator')
    const token = this.#token
    const socket = new WebSocket(address, token === null ? [] : ['belfry', token])
    const waiting: Answer[] = []
    let wake = () => {}
    let ended: Error | null = null
    const end = (error: Error) => {
      ended ??= error
      wake()
    }
    socket.onmessage = ({ data }) => {
      waiting.push(JSON.parse(String(data)) as Answer)
      wake()
    }
    socket.onopen = () => socket.send(JSON.stringify({ type: 'subscribe', channel }))
    socket.onclose = () => end(new Refused(0, { detail: 'The service closed the connection.' }))
    signal.addEventListener('abort', () => end(new Error('ended')))
    try {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift() as Answer
        if (ended) throw ended
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    } finally {
      socket.close()
    }
  }

  async #request(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await this.#fetch(method, path, body)
    const text = await response.text()
    try {
      return text === '' ? {} : (JSON.parse(text) as Answer)
    } catch {
      throw new Refused(0, { detail: `What answers at ${this.#url} is not Belfry.` })
    }
  }

  async #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    const address = new URL(path, this.#base())
    const patience = new AbortController()
    const timer = setTimeout(() => patience.abort(), ANSWER_WITHIN_MS)
    const response = await fetch(address, {
      method,
      signal: patience.signal,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.#token === null ? {} : { authorization: `Bearer ${this.#token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
      .catch((error: unknown) => {
        throw new Refused(0, { detail: this.#silence(error, patience.signal.aborted) })
      })
      .finally(() => clearTimeout(timer))
    if (!response.ok) throw new Refused(response.status, await bodyOf(response))
    return response
  }

  #silence(error: unknown, isLate: boolean): string {
    if (isLate) return `${this.#url} gave no answer within ${ANSWER_WITHIN_MS / 1000} s.`
    const reason = error instanceof Error && error.cause ? String(error.cause) : String(error)
    return `Nothing answers at ${this.#url} (${reason}). Is it running? Say --url or set BELFRY_URL.`
  }

  #base(): URL {
    const url = URL.parse(this.#url)
    if (url !== null && /^https?:$/.test(url.protocol)) return url
    throw new WrongUsage(`${this.#url} is no address: say --url http://127.0.0.1:8080.`)
  }
}

/** A path with what somebody typed in it: `` pathTo`/api/users/${id}/hooks` ``. */
export function pathTo(texts: TemplateStringsArray, ...typed: readonly unknown[]): string {
  return String.raw({ raw: texts }, ...typed.map((word) => encodeURIComponent(String(word))))
}

function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value))
  }
  return search.size === 0 ? path : `${path}?${search}`
}

async function bodyOf(response: Response): Promise<Answer> {
  const text = await response.text()
  try {
    return JSON.parse(text) as Answer
  } catch {
    return { detail: `HTTP ${response.status} ${response.statusText}: ${text.slice(0, 200)}` }
  }
}
