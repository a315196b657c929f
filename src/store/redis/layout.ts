import type { RedisConfig } from './redis-config.ts'

const TAG = /^\{p(\d{2,})\}:/

/**
 * What stands before the name of a key: on a cluster (and wherever there are
 * several partitions) the partition's hash tag, `{p07}:`, so that all keys of a
 * partition share a slot; then the configured prefix.
 */
export class Layout {
  readonly partitions: number
  readonly #prefix: string
  readonly #tagged: boolean
  readonly #starts: readonly string[]

  constructor({ mode, prefix, partitions }: Pick<RedisConfig, 'mode' | 'prefix' | 'partitions'>) {
    this.partitions = partitions
    this.#prefix = prefix
    this.#tagged = mode === 'cluster' || partitions > 1
    this.#starts = Array.from({ length: partitions }, (_, n) => this.#tag(n) + prefix)
  }

  /** What the keys of a partition begin with. */
  start(partition: number): string {
    const start = this.#starts[partition]
    if (start === undefined) throw new RangeError(`there is no partition ${partition}`)
    return start
  }

  /** The pattern that finds the keys named like `match` in all partitions. */
  pattern(match: string): string {
    return (this.#tagged ? '{p*}:' : '') + this.#prefix.replace(/[*?[\]\\]/g, '\\$&') + match
  }

  /** Takes a key apart; `null` when it is not one of ours. */
  parse(key: string): { readonly partition: number; readonly name: string } | null {
    const tag = this.#tagged ? TAG.exec(key) : null
    if (this.#tagged && tag === null) return null
    const partition = Number(tag?.[1] ?? 0)
    const start = this.#starts[partition]
    if (start === undefined || !key.startsWith(start)) return null
    return { partition, name: key.slice(start.length) }
  }

  #tag(partition: number): string {
    return this.#tagged ? `{p${String(partition).padStart(2, '0')}}:` : ''
  }
}
