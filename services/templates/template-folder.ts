import { BelfryError, InvalidPayload, type Issue, type Logger } from '../../src/index.ts'
import { readTemplateFolder, type TemplateFile } from './template-files.ts'
import type { Placed, TemplateService } from './template-service.ts'

/** What became of one file. */
export interface FileReport {
  readonly file: string
  readonly template: string
  /** `kept`: the file is broken, what was there before stays. `refused`: there was nothing before. */
  readonly status: Placed | 'kept' | 'refused'
  readonly error?: string
  readonly issues?: readonly Issue[]
}

/**
 * The templates of `TEMPLATES_DIR`. A file is put in place when it changed since
 * it was read last, so that a change by hand lasts until the file changes.
 */
export class TemplateFolder {
  readonly #folder: string | null
  readonly #templates: TemplateService
  readonly #log: Logger

  constructor(parts: {
    readonly folder: string | null
    readonly templates: TemplateService
    readonly log: Logger
  }) {
    this.#folder = parts.folder
    this.#templates = parts.templates
    this.#log = parts.log
  }

  /** Reads every file, one after the other; a broken one keeps what was there before, and is named. */
  async load(): Promise<FileReport[]> {
    if (this.#folder === null) return []
    const reports: FileReport[] = []
    for (const file of await readTemplateFolder(this.#folder)) reports.push(await this.#place(file))
    return reports
  }

  async #place(file: TemplateFile): Promise<FileReport> {
    try {
      if ('error' in file) throw file.error
      const { record, placed } = await this.#templates.place(file.changes, file.digest)
      return { file: file.file, template: record.name, status: placed }
    } catch (error) {
      if (error instanceof BelfryError && error.retryable) throw error
      return this.#broken(file, error)
    }
  }

  async #broken({ file, name }: TemplateFile, error: unknown): Promise<FileReport> {
    const wasThere = (await this.#templates.list()).some((record) => record.name === name)
    const status = wasThere ? 'kept' : 'refused'
    const message = error instanceof Error ? error.message : String(error)
    const issues = error instanceof InvalidPayload ? error.issues : []
    this.#log.error({ file, status, reason: message, issues }, 'a template file cannot be used')
    return { file, template: name, status, error: message, issues }
  }
}
