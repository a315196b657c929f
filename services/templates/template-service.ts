import { type Clock, InvalidPayload, isoTime, NotFound, uuidv7 } from '../../src/index.ts'
import { OPTIONS, type TemplateChanges, withChanges } from './template-body.ts'
import type { TemplateCatalog } from './template-catalog.ts'
import { checkTemplate } from './template-check.ts'
import type { TemplateEngine } from './template-engine.ts'
import type { TemplateFields, TemplateRecord } from './template-record.ts'
import { MOST_TEMPLATES, type TemplateStore } from './template-store.ts'

interface Parts {
  readonly templates: TemplateStore
  readonly catalog: TemplateCatalog
  readonly engine: TemplateEngine
  readonly clock: Clock
}

/** What became of a template that was put in place of another. */
export type Placed = 'created' | 'updated' | 'unchanged'

/** Templates as people write them: checked when saved, every version kept for a while. */
export class TemplateService {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** In order of name. */
  list(): Promise<TemplateRecord[]> {
    return this.#parts.catalog.all()
  }

  /** By id or name; `NotFound` where there is none, or no such version any more. */
  async find(idOrName: string, version: number | null = null): Promise<TemplateRecord> {
    const record = await this.#parts.catalog.find(idOrName)
    if (record === null) throw new NotFound(`There is no template ${JSON.stringify(idOrName)}.`)
    if (version === null || version === record.version) return record
    const earlier = await this.#parts.templates.version(record.id, version)
    if (earlier === null) throw new NotFound(`Version ${version} of ${record.name} is not kept.`)
    return earlier
  }

  /** Throws `InvalidPayload` for what is not valid, `Conflict` for a name that is taken. */
  async create(changes: TemplateChanges, source: string | null = null): Promise<TemplateRecord> {
    const { engine, catalog } = this.#parts
    const fields = checkTemplate(withChanges(null, changes), engine)
    if ((await catalog.all()).length >= MOST_TEMPLATES) {
      throw new InvalidPayload(`There are ${MOST_TEMPLATES} templates; remove one first.`)
    }
    return this.#save(fields, null, source)
  }

  /** Makes a new version; what is not given stays. */
  async update(idOrName: string, changes: TemplateChanges): Promise<TemplateRecord> {
    const before = await this.find(idOrName)
    const fields = checkTemplate(withChanges(before, changes), this.#parts.engine)
    return this.#save(fields, before, null)
  }

  /** Puts a whole template in place of the one of its name; `source` tells whether it changed. */
  async place(
    changes: TemplateChanges,
    source: string,
  ): Promise<{ record: TemplateRecord; placed: Placed }> {
    const fields = checkTemplate(withChanges(null, changes), this.#parts.engine)
    const before = await this.#parts.catalog.find(fields.name)
    if (before === null) return { record: await this.create(changes, source), placed: 'created' }
    if (before.source === source) return { record: before, placed: 'unchanged' }
    return { record: await this.#save(fields, before, source), placed: 'updated' }
  }

  async remove(idOrName: string): Promise<void> {
    await this.#parts.templates.remove(await this.find(idOrName))
    await this.#parts.catalog.changed()
  }

  async #save(
    fields: TemplateFields,
    before: TemplateRecord | null,
    source: string | null,
  ): Promise<TemplateRecord> {
    const { clock, templates, catalog } = this.#parts
    const now = clock.now()
    const record: TemplateRecord = {
      id: before?.id ?? uuidv7(now),
      ...fieldsOf(fields),
      version: (before?.version ?? 0) + 1,
      created_at: before?.created_at ?? isoTime(now),
      updated_at: isoTime(now),
      source,
    }
    try {
      await templates.save(record, before)
    } finally {
      // Also when somebody else was faster: what we hold is old then.
      await catalog.changed()
    }
    return record
  }
}

function fieldsOf(fields: TemplateFields): TemplateFields {
  const { name, event_type, display_name, notification_type, is_active, critical } = fields
  const { permitted_params, params_given, default_locale, locales } = fields
  const options = OPTIONS.filter((option) => fields[option] !== undefined)
  return {
    ...Object.fromEntries(options.map((option) => [option, fields[option]])),
    ...{ name, event_type, display_name, notification_type, is_active, critical },
    ...{ permitted_params, ...(params_given && { params_given }), default_locale, locales },
  }
}
