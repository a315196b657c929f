import { Context, Liquid, type Template, toValueSync } from 'liquidjs'
import { toLiquid } from './template-syntax.ts'

/** How long one text may take, what it may allocate, how long it may become: all far above need. */
const LIMITS = { parseLimit: 100_000, renderLimit: 100, memoryLimit: 1_000_000 } as const
const MOST_CHARACTERS = 65_536
const OVER_TIME = /render limit exceeded/

/** What reaches for files, keeps state between renderings, or evaluates text as code. */
const WITHOUT_TAGS = ['include', 'render', 'layout', 'block', 'increment', 'decrement']
const WITHOUT_FILTERS = /_exp$/

/** `html`: everything that a parameter holds is escaped. */
export type TextForm = 'text' | 'html'

/** A text that was parsed once and can be rendered often. */
export interface CompiledText {
  readonly form: TextForm
  readonly parts: Template[]
  /** The parameters that it uses, by their first names. */
  readonly params: readonly string[]
}

/** A text that cannot be read, or cannot be rendered with what it was given. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
}

/**
 * Liquid within limits: no files, own properties only, no time, memory or
 * output without end. What a text does not get is an error, never `undefined`.
 */
export class TemplateEngine {
  readonly #engines: Readonly<Record<TextForm, Liquid>> = {
    text: limitedLiquid(false),
    html: limitedLiquid(true),
  }

  /** Throws `TemplateError` for a text that Liquid cannot read. */
  compile(source: string, form: TextForm): CompiledText {
    const engine = this.#engines[form]
    try {
      const parts = engine.parse(toLiquid(source))
      return { form, parts, params: engine.globalVariablesSync(parts) }
    } catch (error) {
      throw asTemplateError(error)
    }
  }

  /**
   * Throws `TemplateError` for a missing value (`lenient`: it is empty) and for
   * a text that passes a limit.
   */
  render(
    text: CompiledText,
    params: Readonly<Record<string, unknown>>,
    { lenient = false } = {},
  ): string {
    try {
      return this.#renderOnce(text, params, lenient)
    } catch (error) {
      // The time may have gone by while the machine did something else: once more tells.
      if (!(error instanceof TemplateError) || !OVER_TIME.test(error.message)) throw error
      return this.#renderOnce(text, params, lenient)
    }
  }

  #renderOnce(
    { form, parts }: CompiledText,
    params: Readonly<Record<string, unknown>>,
    lenient: boolean,
  ): string {
    const engine = this.#engines[form]
    const scope = new Context(params, engine.options, { strictVariables: !lenient })
    const output = new BoundedOutput()
    try {
      toValueSync(engine.renderer.renderTemplates(parts, scope, output))
    } catch (error) {
      throw asTemplateError(error)
    }
    return output.buffer
  }
}

/** Where a rendering is written to, until it is too long. */
class BoundedOutput {
  buffer = ''

  write(value: unknown): void {
    this.buffer += textOf(value)
    if (this.buffer.length > MOST_CHARACTERS) {
      throw new TemplateError(`the text is longer than ${MOST_CHARACTERS} characters`)
    }
  }
}

function limitedLiquid(escapes: boolean): Liquid {
  const engine = new Liquid({
    ...LIMITS,
    ownPropertyOnly: true,
    strictVariables: true,
    strictFilters: true,
    lenientIf: true,
    templates: {},
    ...(escapes ? { outputEscape: 'escape' as const } : {}),
  })
  for (const tag of WITHOUT_TAGS) delete engine.tags[tag]
  for (const filter of Object.keys(engine.filters)) {
    if (WITHOUT_FILTERS.test(filter)) delete engine.filters[filter]
  }
  return engine
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function asTemplateError(error: unknown): TemplateError {
  if (error instanceof TemplateError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new TemplateError(message, { cause: error })
}
