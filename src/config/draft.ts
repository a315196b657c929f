import { resolve } from 'node:path'
import type { ConfigProblem } from './config-error.ts'
import { type Environment, type Found, readTextFile, Source } from './source.ts'
import { shown, type Variable } from './variable.ts'
import { SECTIONS, type Values, type VariableName } from './variables.ts'

/** One variable as it ended up, fit to be shown: secrets are hidden. */
export interface Setting {
  readonly section: string
  readonly name: string
  readonly value: string
  /** `default`, `environment`, `file …`, or what decided. */
  readonly origin: string
}

/** A configuration in the making: what was read, and everything that is wrong with it. */
export class Draft {
  readonly values: Values
  readonly settings: Setting[] = []
  readonly #directory: string
  readonly #source: Source
  readonly #given = new Set<string>()
  readonly #problems = new Map<string, ConfigProblem>()
  readonly #warnings: string[] = []

  constructor(env: Environment, directory: string) {
    this.#directory = directory
    this.#source = new Source(env, directory)
    const values: Record<string, unknown> = {}
    for (const [section, table] of Object.entries(SECTIONS)) {
      for (const [name, row] of Object.entries<Variable>(table)) {
        values[name] = this.#read(section, name, row)
      }
    }
    this.values = values as Values
  }

  get problems(): readonly ConfigProblem[] {
    return [...this.#problems.values()]
  }

  get warnings(): readonly string[] {
    return [...new Set([...this.#source.warnings, ...this.#warnings])]
  }

  /** Whether somebody set the variable, rightly or wrongly. */
  isGiven(name: VariableName): boolean {
    return this.#given.has(name)
  }

  /** Whether the variable was given and could not be read. */
  isWrong(name: string): boolean {
    return this.#problems.has(name)
  }

  /** Notes what is wrong with a variable; the first complaint about each counts. */
  complain(name: string, expected: string, given: string | null): void {
    if (!this.#problems.has(name)) this.#problems.set(name, { name, expected, given })
  }

  warn(sentence: string): void {
    this.#warnings.push(sentence)
  }

  /** Says what was decided for a variable that nobody set. */
  decide(name: VariableName, value: string, why: string): void {
    const index = this.settings.findIndex((setting) => setting.name === name)
    const setting = this.settings[index]
    if (setting) this.settings[index] = { ...setting, value, origin: why }
  }

  /** An absolute path. */
  path(relative: string): string {
    return resolve(this.#directory, relative)
  }

  /** The text of the file that a path variable names; `null` without one. */
  fileOf(name: VariableName, content: RegExp, expected: string): string | null {
    const path = this.values[name]
    if (typeof path !== 'string') return null
    const { text, reason } = readTextFile(this.path(path))
    if (text !== undefined && content.test(text)) return text
    this.complain(name, expected, `${path} (${text ? 'something else' : reason})`)
    return null
  }

  /** A variable that is not in the table because its name was made up by another. */
  readExtra(section: string, name: string, row: Variable): unknown {
    return this.#read(section, name, row)
  }

  #read(section: string, name: string, row: Variable): unknown {
    const found = this.#source.find(name, row)
    if (found === undefined) return this.#fallback(section, name, row)
    this.#given.add(name)
    const value = this.#parse(name, row, found)
    if ('text' in found) {
      const { text, origin } = found
      this.settings.push({ section, name, value: shown(text, row.secrecy), origin })
    }
    // What is wrong is reported; the fallback lets the other checks go on.
    return value === undefined ? this.#parseFallback(row) : value
  }

  #parse(name: string, row: Variable, found: Found): unknown {
    if (!('text' in found)) return this.complain(name, found.expected, found.given)
    const result = row.schema.safeParse(found.text)
    if (result.success) return result.data
    const [issue] = result.error.issues
    const given = shown(found.text, row.secrecy)
    const quoted = row.secrecy === 'all' ? given : JSON.stringify(given)
    this.complain(name, issue?.message ?? 'something else', quoted)
    return undefined
  }

  #fallback(section: string, name: string, row: Variable): unknown {
    const value = row.fallback ?? row.otherwise
    this.settings.push({ section, name, value, origin: 'default' })
    return this.#parseFallback(row)
  }

  #parseFallback(row: Variable): unknown {
    return row.fallback === null ? undefined : row.schema.parse(row.fallback)
  }
}
