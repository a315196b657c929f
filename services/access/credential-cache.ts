import { createHash } from 'node:crypto'
import type { Clock, Principal } from '../../src/index.ts'

/** The name under which a secret is kept: nobody can go back from it. */
export function fingerprint(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

interface Entry {
  readonly principal: Principal
  readonly since: number
  readonly until: number
}

/** Who was behind the credentials seen last, so that not every message is verified anew. */
export class CredentialCache {
  readonly #clock: Clock
  readonly #capacity: number
  /** In order of use: the first one is the next to go. */
  readonly #entries = new Map<string, Entry>()

  constructor(parts: { readonly clock: Clock; readonly capacity: number }) {
    this.#clock = parts.clock
    this.#capacity = parts.capacity
  }

  find(hash: string): Principal | null {
    const entry = this.#entries.get(hash)
    if (entry === undefined) return null
    this.#entries.delete(hash)
    const now = this.#clock.now()
    // A clock that was set back makes nothing last longer.
    if (now < entry.since || now >= entry.until) return null
    this.#entries.set(hash, entry)
    return entry.principal
  }

  /** Remembers it until `until`, epoch milliseconds. */
  keep(hash: string, principal: Principal, until: number): void {
    this.#entries.delete(hash)
    this.#entries.set(hash, { principal, since: this.#clock.now(), until })
    if (this.#entries.size > this.#capacity) {
      this.#entries.delete(this.#entries.keys().next().value!)
    }
  }

  forget(hash: string): void {
    this.#entries.delete(hash)
  }

  get size(): number {
    return this.#entries.size
  }
}
