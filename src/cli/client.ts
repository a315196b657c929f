/** A refusal by the service, as the command line reports it. */
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

/** Speaks HTTP to a running service. */
export class Client {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  get(
    path: string,
    query: Record<string, string | number | boolean | undefined> = {},
  ): Promise<Answer> {
    const given = Object.entries(query).filter(([, value]) => value !== undefined)
    const search = new URLSearchParams(
      Object.fromEntries(given.map(([name, value]) => [name, String(value)])),
    )
    return this.#request('GET', given.length === 0 ? path : `${path}?${search}`)
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

  /** The lines of an answer as they come. */
  async *lines(path: string, query: Readonly<Record<string, string>>): AsyncGenerator<string> {
    const response = await this.#fetch('GET', `${path}?${new URLSearchParams(query)}`)
    const reader = response.body!.pipeThrough(new TextDecoderStream())
    let rest = ''
    for await (const chunk of reader) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  }

  /** Frames of a broadcast channel as they come, until `signal` ends it. */
  async *frames(channel: string, signal: AbortSignal): AsyncGenerator<Answer> {
    const { url, token } = this.#options
    const address = new URL('/ws', url.replace(/^http/, 'ws'))
    address.searchParams.set('user_id', 'operator')
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
    return text === '' ? {} : (JSON.parse(text) as Answer)
  }

  async #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    const { url, token } = this.#options
    const response = await fetch(new URL(path, url), {
      method,
      signal: AbortSignal.timeout(30_000),
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }).catch((error: unknown) => {
      const reason = error instanceof Error && error.cause ? String(error.cause) : String(error)
      throw new Refused(0, {
        detail: `Nothing answers at ${url} (${reason}). Is it running? Say --url or set BELFRY_URL.`,
      })
    })
    if (!response.ok) throw new Refused(response.status, await bodyOf(response))
    return response
  }
}

async function bodyOf(response: Response): Promise<Answer> {
  const text = await response.text()
  try {
    return JSON.parse(text) as Answer
  } catch {
    return { detail: `HTTP ${response.status} ${response.statusText}: ${text.slice(0, 200)}` }
  }
}
