import type { Frame } from '../frame.ts'

interface Fields {
  readonly event: string
  /** May hold line breaks. */
  readonly data: string
  /** What the client shows when it comes back. */
  readonly id?: string | undefined
}

/** One server-sent event. */
export class EventFrame implements Frame {
  readonly #fields: Fields
  #bytes: Buffer | null = null

  constructor(fields: Fields) {
    this.#fields = fields
  }

  bytes(): Buffer {
    this.#bytes ??= Buffer.from(textOf(this.#fields))
    return this.#bytes
  }
}

function textOf({ event, data, id }: Fields): string {
  const lines = data.replace(/\r\n|\r|\n/g, '\ndata: ')
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${lines}\n\n`
}
