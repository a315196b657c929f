import { InvalidPayload, type Issue } from '../../src/index.ts'
import type { Draft } from './template-body.ts'
import { type CompiledText, type TemplateEngine, TemplateError } from './template-engine.ts'
import type { TemplateFields, TemplateText } from './template-record.ts'

const PARAM = /^[A-Za-z_]\w{0,63}$/
/** Names that mean something to JavaScript itself. */
const FORBIDDEN = ['__proto__', 'constructor', 'prototype']

const MOST_TEXT = 4000
const MOST_PARAMS = 500
const MOST_LOCALES = 50
/** A template of an event may have the longer title (seeds S3-015 and S4-010). */
const MOST_TITLE = { ofEvent: 400, named: 200 } as const

/**
 * The template that a draft stands for; without permitted parameters those that
 * it uses are permitted. Throws `InvalidPayload` with everything that is wrong.
 */
export function checkTemplate(draft: Draft, engine: TemplateEngine): TemplateFields {
  const texts = [...textsOf(draft)]
  const issues: Issue[] = [...generalIssues(draft)]
  const used = new Set<string>()
  for (const text of texts) {
    const compiled = compile(text, engine, issues)
    for (const param of compiled?.params ?? []) used.add(param)
    issues.push(...textIssues(text, compiled, draft))
  }
  const params = draft.permitted_params ?? [...used].sort()
  issues.push(...paramIssues(params))
  if (issues.length > 0)
    throw new InvalidPayload(`The template ${draft.name} is not valid.`, issues)
  return { ...draft, permitted_params: params }
}

interface PlacedText {
  readonly path: string
  readonly field: keyof TemplateText
  readonly source: string
}

function* textsOf({ locales, variants = {} }: Draft): Generator<PlacedText> {
  yield* textsIn(locales, 'locales')
  for (const [name, variant] of Object.entries(variants)) {
    yield* textsIn(variant.locales, `variants.${name}.locales`)
  }
}

function* textsIn(locales: Draft['locales'], path: string): Generator<PlacedText> {
  for (const [locale, channels] of Object.entries(locales)) {
    for (const [channel, text] of Object.entries(channels)) {
      for (const field of ['title', 'message', 'html'] as const) {
        const source = text[field]
        if (source !== undefined)
          yield { path: `${path}.${locale}.${channel}.${field}`, field, source }
      }
    }
  }
}

function generalIssues(draft: Draft): Issue[] {
  const issues: Issue[] = []
  if (draft.name === '')
    issues.push({ path: 'name', message: 'a name or an event_type is required' })
  if (!draft.locales[draft.default_locale]?.default?.message?.trim()) {
    issues.push({ path: 'message_template', message: 'message_template is required' })
  }
  if (Object.keys(draft.locales).length > MOST_LOCALES) {
    issues.push({ path: 'locales', message: `at most ${MOST_LOCALES} locales` })
  }
  return issues
}

function compile(
  { path, field, source }: PlacedText,
  engine: TemplateEngine,
  issues: Issue[],
): CompiledText | null {
  try {
    return engine.compile(source, field === 'html' ? 'html' : 'text')
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    issues.push({ path, message: error.message })
    return null
  }
}

function textIssues(
  { path, field, source }: PlacedText,
  compiled: CompiledText | null,
  { event_type, permitted_params: permitted }: Draft,
): Issue[] {
  const issues: Issue[] = []
  const title = event_type === null ? MOST_TITLE.named : MOST_TITLE.ofEvent
  const most = field === 'title' ? title : MOST_TEXT
  if (source.length > most) issues.push({ path, message: `must be at most ${most} characters` })
  for (const name of compiled?.params ?? []) {
    if (permitted !== null && !permitted.includes(name)) {
      issues.push({ path, message: `{${name}} is not one of the permitted parameters` })
    }
  }
  return issues
}

function paramIssues(params: readonly string[]): Issue[] {
  const path = 'permitted_params'
  const issues: Issue[] = params
    .filter((name) => !PARAM.test(name) || FORBIDDEN.includes(name))
    .map((name) => ({ path, message: `${JSON.stringify(name)} cannot be a parameter` }))
  if (params.join(',').length > MOST_PARAMS) {
    issues.push({ path, message: `must be at most ${MOST_PARAMS} characters in all` })
  }
  return issues
}
