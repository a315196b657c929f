import { isUtf8 } from 'node:buffer'
import { StringDecoder } from 'node:string_decoder'
import {
  type Clock,
  type ErrorBody,
  isoTime,
  type Keys,
  NotFound,
  type Store,
  uuidv7,
} from '../../src/index.ts'

const LIMIT = 10_000
const PARTITION = 0
const SHOWN_BYTES = 16_384

/** A message that was turned away, as much of it as may be kept. */
export interface DeadLetter {
  readonly id: string
  readonly at: string
  readonly code: string
  readonly error: ErrorBody
  readonly door: string
  readonly topic: string
  readonly peer: string
  /** Text; base64 where `binary` is set. Cut after 16 KiB. */
  readonly payload: string
  readonly binary: boolean
  readonly bytes: number
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

export interface Refused {
  readonly error: ErrorBody
  readonly door: string
  readonly topic: string
  readonly peer: string
  readonly payload: Buffer
}

/** What was refused, the newest 10 000: nothing is turned away without a trace. */
export class DeadLetters {
  readonly #store: Store
  readonly #keys: Keys
  readonly #clock: Clock

  constructor(parts: Parts) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#clock = parts.clock
  }

  async add(refused: Refused): Promise<DeadLetter> {
    const letter = this.#make(refused)
    const outcome = await this.#store.commit({
      partition: PARTITION,
      ops: [['push', this.#keys.deadLetters(), JSON.stringify(letter), LIMIT]],
    })
    const evicted = outcome.applied ? (outcome.results[0] ?? 0) : 0
    if (evicted > 0) {
      await this.#store.commit({
        partition: PARTITION,
        ops: [['incr', this.#keys.deadLetterCount(), evicted, 0]],
      })
    }
    return letter
  }

  /** Newest first; `cursor` is the id after which to go on. */
  async list(
    limit: number,
    cursor: string | null,
  ): Promise<{ data: DeadLetter[]; next_cursor: string | null; evicted: number }> {
    const all = await this.#all()
    const from = cursor === null ? 0 : all.findIndex(({ id }) => id === cursor) + 1
    const data = all.slice(from, from + limit)
    const evicted = await this.#store.get(PARTITION, this.#keys.deadLetterCount())
    const more = from + limit < all.length
    return {
      data,
      next_cursor: more ? (data.at(-1)?.id ?? null) : null,
      evicted: Number(evicted ?? 0),
    }
  }

  async find(id: string): Promise<DeadLetter> {
    const letter = (await this.#all()).find((each) => each.id === id)
    if (!letter) throw new NotFound(`There is no dead letter ${id}.`)
    return letter
  }

  async remove(letter: DeadLetter): Promise<void> {
    await this.#store.commit({
      partition: PARTITION,
      ops: [['pull', this.#keys.deadLetters(), JSON.stringify(letter)]],
    })
  }

  /** Forgets them all; answers how many there were. */
  async flush(): Promise<number> {
    const count = await this.#store.length(PARTITION, this.#keys.deadLetters())
    await this.#store.commit({ partition: PARTITION, ops: [['del', this.#keys.deadLetters()]] })
    return count
  }

  count(): Promise<number> {
    return this.#store.length(PARTITION, this.#keys.deadLetters())
  }

  async #all(): Promise<DeadLetter[]> {
    const texts = await this.#store.list(PARTITION, this.#keys.deadLetters(), 0, -1)
    return texts.map((text) => JSON.parse(text) as DeadLetter)
  }

  #make({ error, door, topic, peer, payload }: Refused): DeadLetter {
    const now = this.#clock.now()
    const shown = payload.subarray(0, SHOWN_BYTES)
    const binary = !isUtf8(payload)
    return {
      id: uuidv7(now),
      at: isoTime(now),
      code: error.code,
      error,
      door,
      topic: topic.slice(0, 1024),
      peer,
      payload: binary ? bytesWithoutToken(shown) : withoutToken(wholeCharacters(shown)),
      binary,
      bytes: payload.length,
    }
  }
}

/** The text of bytes that may end within a character. */
function wholeCharacters(bytes: Buffer): string {
  return new StringDecoder('utf8').write(bytes)
}

/** Base64. Each byte is a character of Latin-1. */
function bytesWithoutToken(bytes: Buffer): string {
  return Buffer.from(withoutToken(bytes.toString('latin1')), 'latin1').toString('base64')
}

/** Whatever a payload says under `token` is nobody's business. */
function withoutToken(text: string): string {
  return text.replace(/("(?:token|authorization)"\s*:\s*)"(?:[^"\\]|\\.)*"?/gi, '$1"[hidden]"')
}
