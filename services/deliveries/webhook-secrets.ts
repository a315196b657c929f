import { randomBytes } from 'node:crypto'
import type { Keys, Store } from '../../src/index.ts'
import type { Directory } from '../directory/directory.ts'

const PARTITION = 0

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly directory: Pick<Directory, 'recipient'>
  /** `WEBHOOK_SECRET`, newest first; empty: one is generated and kept. */
  readonly configured: readonly string[]
}

/** Which secrets sign webhooks: a user's own (`data.webhook_secret`), else those of the service. */
export class WebhookSecrets {
  readonly #parts: Parts
  #generated: string | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Newest first, never empty. Somebody who has set his own has only those. */
  of = async (userId: string | null): Promise<readonly string[]> => {
    const own = userId === null ? [] : await this.#own(userId)
    return own.length > 0 ? own : this.shared()
  }

  /** Those of the service. */
  async shared(): Promise<readonly string[]> {
    const { configured } = this.#parts
    if (configured.length > 0) return configured
    this.#generated ??= await this.#generate()
    return [this.#generated]
  }

  async #own(userId: string): Promise<readonly string[]> {
    const { user } = await this.#parts.directory.recipient(userId)
    const { webhook_secret: own } = user.data
    return (Array.isArray(own) ? own : [own]).filter((secret) => typeof secret === 'string')
  }

  /** Made by whichever process comes first, and the same for all. */
  async #generate(): Promise<string> {
    const { store, keys } = this.#parts
    const key = keys.setting('webhook_secret')
    const fresh = `whsec_${randomBytes(32).toString('base64')}`
    const outcome = await store.commit({
      partition: PARTITION,
      guards: [['once', key, fresh, 0]],
      ops: [],
    })
    return outcome.applied ? fresh : (outcome.value ?? fresh)
  }
}
