import { waitFor } from './wait-for.ts'

export interface SseEvent {
  readonly event: string
  readonly id: string | null
  // biome-ignore lint/suspicious/noExplicitAny: tests read events of every shape.
  readonly data: any
}

/** An event stream read with `fetch`, by the rules of the WHATWG. */
export class SseClient {
  readonly events: SseEvent[] = []
  readonly comments: string[] = []
  readonly status: number
  readonly headers: Headers
  retryMs: number | null = null
  lastEventId: string | null = null
  isClosed = false
  readonly #abort: AbortController
  #rest = ''

  private constructor(answer: Response, abort: AbortController) {
    this.status = answer.status
    this.headers = answer.headers
    this.#abort = abort
    void this.#read(answer)
  }

  static async open(url: string, headers: Record<string, string> = {}): Promise<SseClient> {
    const abort = new AbortController()
    return new SseClient(await fetch(url, { headers, signal: abort.signal }), abort)
  }

  of(event: string): SseEvent[] {
    return this.events.filter((each) => each.event === event)
  }

  next(event: string, fits: (event: SseEvent) => boolean = () => true): Promise<SseEvent> {
    return waitFor(() => this.of(event).find(fits), { message: `no ${event} came` })
  }

  close(): void {
    this.#abort.abort()
  }

  async #read(answer: Response): Promise<void> {
    const decoder = new TextDecoder()
    try {
      for await (const part of answer.body ?? []) {
        this.#rest += decoder.decode(part, { stream: true })
        const blocks = this.#rest.split('\n\n')
        this.#rest = blocks.pop() ?? ''
        for (const block of blocks) this.#take(block)
      }
    } catch {
      // We, or the network, ended it.
    }
    this.isClosed = true
  }

  #take(block: string): void {
    const data: string[] = []
    let event = 'message'
    for (const line of block.split('\n')) {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/.exec(line) ?? []
      if (name === '') this.comments.push(value)
      else if (name === 'event') event = value
      else if (name === 'data') data.push(value)
      else if (name === 'id') this.lastEventId = value
      else if (name === 'retry') this.retryMs = Number(value)
    }
    if (data.length === 0) return
    this.events.push({ event, id: this.lastEventId, data: JSON.parse(data.join('\n')) })
  }
}
