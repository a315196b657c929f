import { Conflict, type Keys, type Op, partitionOf, type Store } from '../../src/index.ts'
import type { TemplateRecord } from './template-record.ts'

/** More are refused: every process holds them all. */
export const MOST_TEMPLATES = 1000
/** Earlier versions that are kept of each. */
const VERSIONS_KEPT = 20

/** Where templates lie: in one partition, each under its id, its name pointing to it. */
export class TemplateStore {
  readonly #store: Store
  readonly #keys: Keys
  readonly #partition: number

  constructor(parts: { readonly store: Store; readonly keys: Keys }) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#partition = partitionOf('templates', parts.store.partitions)
  }

  /** Every template, in order of id. */
  async all(): Promise<TemplateRecord[]> {
    const { templates, template } = this.#keys
    const ids = await this.#store.rangeByName(this.#partition, templates(), '', MOST_TEMPLATES)
    if (ids.length === 0) return []
    const texts = await this.#store.getMany(this.#partition, ids.map(template))
    return texts.flatMap((text) => (text === null ? [] : [JSON.parse(text) as TemplateRecord]))
  }

  /** An earlier version, or the present one; `null` when it is not kept. */
  async version(id: string, version: number): Promise<TemplateRecord | null> {
    const texts = await this.#store.list(this.#partition, this.#keys.templateVersions(id), 0, -1)
    const found = texts.map((text) => JSON.parse(text) as TemplateRecord)
    return found.find((record) => record.version === version) ?? null
  }

  /** Writes a version that follows `before` (`null`: the first); `Conflict` when somebody was faster. */
  async save(record: TemplateRecord, before: TemplateRecord | null): Promise<void> {
    const { template, templateName, templateVersions, templates } = this.#keys
    const text = JSON.stringify(record)
    const isRenamed = before !== null && before.name !== record.name
    const rename: Op[] = isRenamed ? [['del', templateName(before.name)]] : []
    const nameWas = before === null || isRenamed ? null : record.id
    const outcome = await this.#store.commit({
      partition: this.#partition,
      guards: [
        ['expect', templateName(record.name), nameWas],
        ['expect', template(record.id), before === null ? null : JSON.stringify(before)],
      ],
      ops: [
        ...rename,
        ['set', templateName(record.name), record.id, 0],
        ['set', template(record.id), text, 0],
        ['push', templateVersions(record.id), text, VERSIONS_KEPT],
        ['zadd', templates(), 0, record.id],
      ],
    })
    if (outcome.applied) return
    throw new Conflict(
      outcome.refusedBy === 0 && nameWas === null
        ? `There is a template ${JSON.stringify(record.name)} already.`
        : `The template ${JSON.stringify(record.name)} was changed by somebody else; try again.`,
    )
  }

  async remove({ id, name }: TemplateRecord): Promise<void> {
    const { template, templateName, templateVersions, templates } = this.#keys
    await this.#store.commit({
      partition: this.#partition,
      ops: [
        ['del', template(id)],
        ['del', templateName(name)],
        ['del', templateVersions(id)],
        ['zrem', templates(), id],
      ],
    })
  }
}
