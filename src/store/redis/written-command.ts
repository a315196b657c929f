import { Command } from 'ioredis'

export type Argument = string | number

const CR = 13
const LF = 10
const STAR = 42
const DOLLAR = 36
const ZERO = 48
/** Up to this length a text is copied character by character, which beats a call. */
const SHORT = 64
const LARGEST_KEPT = 1024 * 1024

/**
 * A command that is written down in the server's protocol (RESP) at once, into
 * one piece of memory, instead of being put together from a string per argument.
 * `known` are the leading arguments, by which a cluster finds the node.
 */
export class WrittenCommand extends Command {
  readonly #bytes: Buffer

  constructor(name: string, known: readonly Argument[], bytes: Buffer) {
    super(name, [...known], { replyEncoding: 'utf8' })
    this.#bytes = bytes
  }

  override toWritable(): Buffer {
    return this.#bytes
  }
}

/** Memory for commands. It is used again once a reply has come: then nobody reads it any more. */
export class CommandMemory {
  readonly #free: Writer[] = []

  /** Writes a command down; `release` when its reply has come, never when it failed. */
  write(name: string, args: readonly (readonly Argument[])[]) {
    const writer = this.#free.pop() ?? new Writer()
    const release = () => {
      if (writer.size <= LARGEST_KEPT) this.#free.push(writer)
    }
    return { bytes: writer.write(name, args), release }
  }
}

class Writer {
  #memory = Buffer.allocUnsafeSlow(16 * 1024)
  #at = 0

  get size(): number {
    return this.#memory.length
  }

  write(name: string, groups: readonly (readonly Argument[])[]): Buffer {
    this.#at = 0
    this.#reserve(64)
    this.#header(STAR, 1 + groups.reduce((sum, { length }) => sum + length, 0))
    this.#text(name)
    for (const group of groups) {
      for (const argument of group) {
        this.#text(typeof argument === 'number' ? String(argument) : argument)
      }
    }
    return this.#memory.subarray(0, this.#at)
  }

  #text(text: string): void {
    this.#reserve(text.length * 3 + 32)
    if (text.length > SHORT || !this.#shortText(text)) {
      this.#header(DOLLAR, Buffer.byteLength(text))
      this.#at += this.#memory.write(text, this.#at)
    }
    this.#memory[this.#at++] = CR
    this.#memory[this.#at++] = LF
  }

  /** Answers `false`, and has written nothing, when there is more than ASCII in it. */
  #shortText(text: string): boolean {
    const start = this.#at
    this.#header(DOLLAR, text.length)
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index)
      if (code > 127) {
        this.#at = start
        return false
      }
      this.#memory[this.#at++] = code
    }
    return true
  }

  #header(kind: number, count: number): void {
    this.#memory[this.#at++] = kind
    if (count < 10) this.#memory[this.#at++] = ZERO + count
    else if (count < 100) {
      this.#memory[this.#at++] = ZERO + ((count / 10) | 0)
      this.#memory[this.#at++] = ZERO + (count % 10)
    } else this.#at += this.#memory.write(String(count), this.#at, 'latin1')
    this.#memory[this.#at++] = CR
    this.#memory[this.#at++] = LF
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#memory.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#memory.length, this.#at + bytes))
    this.#memory.copy(larger, 0, 0, this.#at)
    this.#memory = larger
  }
}
