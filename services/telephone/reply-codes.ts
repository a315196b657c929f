import { createHash } from 'node:crypto'
import { type Keys, partitionOf, type Store, Unavailable } from '../../src/index.ts'

/** Of which alert, or alerts, a number was told under a code, and who it was. */
export interface Told {
  readonly alert_id: string
  /** All of those that were told together. */
  readonly alert_ids?: readonly string[]
  readonly user_id: string | null
}

function alertsOf({ alert_id, alert_ids = [alert_id] }: Told): string {
  return alert_ids.join()
}

interface Codes {
  readonly next: number
  readonly codes: Readonly<Record<string, Told>>
}

const NONE: Codes = { next: 1, codes: {} }
/** Two digits are easily typed; the hundredth alert takes the code of the first. */
const MOST_CODES = 99
const TTL_MS = 30 * 86_400_000

/** Small numbers that stand for alerts in text messages, for each telephone by itself. */
export class ReplyCodes {
  readonly #store: Store
  readonly #keys: Keys

  constructor(parts: { readonly store: Store; readonly keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
  }

  /** The code of an alert on a telephone (E.164): the same however often it is told. */
  async codeFor(phone: string, told: Told): Promise<number> {
    const { key, partition } = this.#placeOf(phone)
    for (let attempt = 0; attempt < 20; attempt++) {
      const text = await this.#store.get(partition, key)
      const { next, codes } = text === null ? NONE : (JSON.parse(text) as Codes)
      const known = Object.entries(codes).find(([, one]) => alertsOf(one) === alertsOf(told))
      if (known !== undefined) return Number(known[0])
      const after: Codes = {
        next: next === MOST_CODES ? 1 : next + 1,
        codes: { ...codes, [next]: told },
      }
      const outcome = await this.#store.commit({
        partition,
        guards: [['expect', key, text]],
        ops: [['set', key, JSON.stringify(after), TTL_MS]],
      })
      if (outcome.applied) return next
    }
    throw new Unavailable('The codes of this telephone are being changed by others.')
  }

  async find(phone: string, code: number): Promise<Told | null> {
    const { key, partition } = this.#placeOf(phone)
    const text = await this.#store.get(partition, key)
    return text === null ? null : ((JSON.parse(text) as Codes).codes[code] ?? null)
  }

  #placeOf(phone: string) {
    const hash = createHash('sha256').update(phone).digest('hex').slice(0, 32)
    const partition = partitionOf(hash, this.#store.partitions)
    return { key: this.#keys.smsCodes(hash), partition }
  }
}
