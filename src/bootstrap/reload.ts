import { type FileReport, TemplateFolder } from '../../services/templates/template-folder.ts'
import type { Logger } from '../support/logger.ts'
import type { Rules, RulesReport } from './rules.ts'
import type { Services } from './services.ts'

/** What became of every file. */
export interface ReloadReport {
  readonly templates: readonly FileReport[]
  readonly rules: readonly RulesReport[]
}

/** Reads files again, one time after the other; what is broken keeps what was there. */
export type Reload = () => Promise<ReloadReport>

/** The way to read again everything that files say. */
export function reloader(parts: {
  readonly templatesDir: string | null
  readonly services: Services
  readonly rules: Rules
  readonly log: Logger
}): Reload {
  const { templatesDir: folder, services, rules, log } = parts
  const templates = new TemplateFolder({ folder, templates: services.templates, log })
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    const run = last.then(async () => ({
      templates: await templates.load(),
      rules: await rules.load(),
    }))
    last = run.catch(() => undefined)
    return run
  }
}

/** A start with a broken file that nothing stands in for fails. */
export function insistOn({ templates, rules }: ReloadReport): void {
  const refused = [...templates, ...rules].filter(({ status }) => status === 'refused')
  if (refused.length === 0) return
  const lines = refused.map(({ file, error, issues = [] }) => {
    const details = issues.map(({ path, message }) => `${path} ${message}`)
    return `${file}: ${details.length > 0 ? details.join('; ') : error}`
  })
  throw new Error(`These files cannot be used: ${lines.join('\n')}`)
}
