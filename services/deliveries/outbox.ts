import { type Keys, NotFound, type Store } from '../../src/index.ts'

const LIMIT = 1000
const PARTITION = 0
const PAGE = 50
/** Longer texts are cut: the outbox is for looking at messages, not for keeping them. */
const SHOWN_CHARACTERS = 65_536

/** A message that no provider was configured for, as it would have been sent. */
export interface OutboxMessage {
  /** The delivery's id. */
  readonly id: string
  readonly channel: string
  readonly to: string
  /** Subject or title; `null` where the channel has none. */
  readonly subject: string | null
  readonly text: string
  readonly html: string | null
  /** What else the channel has: headers and attachments, segments, data. */
  readonly content: Readonly<Record<string, unknown>>
  readonly created_at: string
  readonly user_id: string | null
  readonly notification_id: string | null
}

export interface OutboxPage {
  readonly data: readonly OutboxMessage[]
  readonly next_cursor: string | null
}

interface Listing {
  readonly channel?: string | null
  /** The id after which to go on. */
  readonly cursor?: string | null
  readonly limit: number
}

/** Keeps the newest 1 000 messages of channels without a provider, so that none is dropped unseen. */
export class Outbox {
  readonly #store: Store
  readonly #key: string

  constructor(parts: { store: Store; keys: Keys }) {
    this.#store = parts.store
    this.#key = parts.keys.outbox()
  }

  async add(message: OutboxMessage): Promise<void> {
    const text = JSON.stringify(bounded(message))
    await this.#store.commit({
      partition: PARTITION,
      ops: [['push', this.#key, text, LIMIT]],
    })
  }

  /** Newest first. A cursor whose message is gone by now ends the listing. */
  async list({ channel = null, cursor = null, limit }: Listing): Promise<OutboxPage> {
    const data: OutboxMessage[] = []
    let started = cursor === null
    for await (const message of this.#newestFirst()) {
      if (started && (channel === null || message.channel === channel)) {
        if (data.length === limit) return { data, next_cursor: data.at(-1)?.id ?? null }
        data.push(message)
      }
      if (message.id === cursor) started = true
    }
    return { data, next_cursor: null }
  }

  /** Throws `NotFound`. */
  async find(id: string): Promise<OutboxMessage> {
    for await (const message of this.#newestFirst()) if (message.id === id) return message
    throw new NotFound(`There is no message ${JSON.stringify(id)} in the outbox.`)
  }

  /** Forgets them all; answers how many there were. */
  async clear(): Promise<number> {
    const count = await this.#store.length(PARTITION, this.#key)
    await this.#store.commit({ partition: PARTITION, ops: [['del', this.#key]] })
    return count
  }

  async *#newestFirst(): AsyncGenerator<OutboxMessage> {
    for (let start = 0; start < LIMIT; start += PAGE) {
      const texts = await this.#store.list(PARTITION, this.#key, start, start + PAGE - 1)
      for (const text of texts) yield JSON.parse(text) as OutboxMessage
      if (texts.length < PAGE) return
    }
  }
}

function bounded(message: OutboxMessage): OutboxMessage {
  const size = JSON.stringify(message.content).length
  return {
    ...message,
    text: cut(message.text),
    html: message.html === null ? null : cut(message.html),
    content: size > SHOWN_CHARACTERS ? { omitted: true, characters: size } : message.content,
  }
}

function cut(text: string): string {
  if (text.length <= SHOWN_CHARACTERS) return text
  return `${text.slice(0, SHOWN_CHARACTERS)}\n[cut: ${text.length} characters in all]`
}
