import { readFile } from 'node:fs/promises'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { InvalidPayload, type Issue, inOurWords, messageOf } from '../../src/index.ts'
import { compileMonitor, type Monitor, MonitorDocument } from '../heartbeats/monitor.ts'
import type { TemplateEngine } from '../templates/template-engine.ts'
import { type CompiledRule, FilterRules } from './filter-rule.ts'
import { compileRule, type Rule, RuleDocument } from './rule.ts'

const Sections = z.strictObject({
  /** What is kept out before anything else looks at it. */
  filters: z.array(z.unknown()).nullish(),
  rules: z.array(RuleDocument).max(1000).nullish(),
  heartbeats: z.array(MonitorDocument).max(1000).nullish(),
})

/** What `rules.yml` says, ready to be asked. */
export interface RulesFile {
  readonly filters: readonly CompiledRule[]
  readonly rules: readonly Rule[]
  readonly heartbeats: readonly Monitor[]
}

export const NO_RULES: RulesFile = { filters: [], rules: [], heartbeats: [] }

/** Reads and checks a file; `InvalidPayload` has an issue for every line that is wrong. */
export async function readRulesFile(path: string, engine: TemplateEngine): Promise<RulesFile> {
  let source: string
  try {
    source = await readFile(path, 'utf8')
  } catch (error) {
    throw new InvalidPayload(`${path} cannot be read: ${messageOf(error)}`)
  }
  return parseRules(source, engine)
}

/** Throws `InvalidPayload`. */
export function parseRules(source: string, engine: TemplateEngine): RulesFile {
  const document = parseDocument(source, { maxAliasCount: 100 } as object)
  const [fault] = document.errors
  if (fault !== undefined) throw new InvalidPayload(`It is no YAML: ${fault.message}`)
  const sections = checked(Sections, document.toJS() ?? {}, [])
  const filters = checked(FilterRules, sections.filters ?? [], ['filters'])
  const documents = sections.rules ?? []
  const monitors = sections.heartbeats ?? []
  assertNamedOnce(
    documents.map(({ name }) => name),
    'rules',
    'name',
  )
  assertNamedOnce(
    monitors.map(({ id }) => id),
    'heartbeats',
    'id',
  )
  const rules = documents.map((rule, index) => {
    try {
      return compileRule(rule, engine)
    } catch (error) {
      throw wrong([{ path: `rules.${index}.then`, message: messageOf(error) }])
    }
  })
  return { filters, rules, heartbeats: monitors.map(compileMonitor) }
}

function checked<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  root: readonly string[],
): z.output<Schema> {
  const result = schema.safeParse(value, inOurWords)
  if (result.success) return result.data
  throw wrong(
    result.error.issues.map(({ path, message }) => ({
      path: [...root, ...path].map(String).join('.'),
      message,
    })),
  )
}

/** Their states are kept under their names. */
function assertNamedOnce(names: readonly string[], section: string, field: string): void {
  const index = names.findIndex((name, place) => names.indexOf(name) !== place)
  if (index === -1) return
  const message = `${JSON.stringify(names[index])} is there already`
  throw wrong([{ path: `${section}.${index}.${field}`, message }])
}

function wrong(issues: readonly Issue[]): InvalidPayload {
  const words = issues.map(({ path, message }) => `${path}: ${message}`)
  return new InvalidPayload(words.join('; '), issues)
}
