import { type Bus, Cached, type Clock, type Logger } from '../../src/index.ts'
import type { TemplateRecord } from './template-record.ts'
import type { TemplateStore } from './template-store.ts'

interface Shelf {
  readonly byName: ReadonlyMap<string, TemplateRecord>
  readonly byId: ReadonlyMap<string, TemplateRecord>
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
  readonly #shelf: Cached<Shelf>

  constructor({ templates, ...parts }: Parts) {
    this.#shelf = new Cached({ ...parts, read: async () => shelfOf(await templates.all()) })
  }

  /** By id or name; looks into the store before it says that there is none. */
  async find(idOrName: string): Promise<TemplateRecord | null> {
    const found = pick(await this.#shelf.get(), idOrName)
    if (found !== null) return found
    this.#shelf.forget()
    return pick(await this.#shelf.get(), idOrName)
  }

  /** The template of a type of events; looks into the store before it says that there is none. */
  async findForEvent(eventType: string): Promise<TemplateRecord | null> {
    for (let look = 0; look < 2; look++) {
      const { byId, byName } = await this.#shelf.get()
      const named = [...byId.values()].find(({ event_type }) => event_type === eventType)
      const found = named ?? byName.get(eventType)
      if (found?.is_active) return found
      if (look === 0) this.#shelf.forget()
    }
    return null
  }

  /** In order of name. */
  async all(): Promise<TemplateRecord[]> {
    const { byId } = await this.#shelf.get()
    return [...byId.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Forgets what was read, here and in every other process. */
  changed(): Promise<void> {
    return this.#shelf.changed()
  }
}

function shelfOf(records: readonly TemplateRecord[]): Shelf {
  return {
    byName: new Map(records.map((record) => [record.name, record])),
    byId: new Map(records.map((record) => [record.id, record])),
  }
}

function pick({ byName, byId }: Shelf, idOrName: string): TemplateRecord | null {
  return byName.get(idOrName) ?? byId.get(idOrName) ?? null
}
