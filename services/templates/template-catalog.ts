import type { Bus, Clock, Logger } from '../../src/index.ts'
import type { TemplateRecord } from './template-record.ts'
import type { TemplateStore } from './template-store.ts'

/** What was read is used this long: word of a change may get lost on its way. */
const FRESH_MS = 30_000

interface Shelf {
  readonly byName: ReadonlyMap<string, TemplateRecord>
  readonly byId: ReadonlyMap<string, TemplateRecord>
  readonly readAt: number
}

interface Parts {
  readonly templates: TemplateStore
  readonly bus: Bus
  /** The bus channel on which processes tell each other of changes. */
  readonly channel: string
  readonly clock: Clock
  readonly log: Logger
}

/** Every template at hand, read again when any process changed one. */
export class TemplateCatalog {
  readonly #parts: Parts
  #shelf: Promise<Shelf> | null = null
  #listening: Promise<unknown> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** By id or name; looks into the store before it says that there is none. */
  async find(idOrName: string): Promise<TemplateRecord | null> {
    const found = pick(await this.#current(), idOrName)
    if (found !== null) return found
    this.#shelf = null
    return pick(await this.#current(), idOrName)
  }

  /** The template of a type of events; looks into the store before it says that there is none. */
  async findForEvent(eventType: string): Promise<TemplateRecord | null> {
    for (let look = 0; look < 2; look++) {
      const { byId, byName } = await this.#current()
      const named = [...byId.values()].find(({ event_type }) => event_type === eventType)
      const found = named ?? byName.get(eventType)
      if (found?.is_active) return found
      if (look === 0) this.#shelf = null
    }
    return null
  }

  /** In order of name. */
  async all(): Promise<TemplateRecord[]> {
    const { byId } = await this.#current()
    return [...byId.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Forgets what was read, here and in every other process. */
  async changed(): Promise<void> {
    this.#shelf = null
    const { bus, channel, log } = this.#parts
    // The others find out by themselves after a while.
    await bus.publish(channel, 'changed').catch((error: unknown) => {
      log.warn({ err: error }, 'other processes learn later that templates changed')
    })
  }

  async #current(): Promise<Shelf> {
    await this.#listen()
    const { clock } = this.#parts
    const shelf = await this.#shelf
    if (shelf !== null && this.#shelf !== null && clock.now() - shelf.readAt < FRESH_MS)
      return shelf
    const reading = this.#read()
    this.#shelf = reading
    reading.catch(() => {
      if (this.#shelf === reading) this.#shelf = null
    })
    return reading
  }

  async #read(): Promise<Shelf> {
    const readAt = this.#parts.clock.now()
    const records = await this.#parts.templates.all()
    return {
      byName: new Map(records.map((record) => [record.name, record])),
      byId: new Map(records.map((record) => [record.id, record])),
      readAt,
    }
  }

  /** Subscribes before the first reading, so that no change falls in between. */
  async #listen(): Promise<void> {
    const { bus, channel } = this.#parts
    const forget = () => {
      this.#shelf = null
    }
    if (this.#listening === null) {
      bus.onGap(forget)
      this.#listening = bus.subscribe(channel, forget)
      this.#listening.catch(() => {
        this.#listening = null
      })
    }
    await this.#listening
  }
}

function pick({ byName, byId }: Shelf, idOrName: string): TemplateRecord | null {
  return byName.get(idOrName) ?? byId.get(idOrName) ?? null
}
