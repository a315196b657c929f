/** One variable that is wrong: what was expected of it, and what it holds (secrets hidden). */
export interface ConfigProblem {
  readonly name: string
  readonly expected: string
  /** `null` when the variable is missing. */
  readonly given: string | null
}

/** The configuration cannot be used. The message names every wrong variable at once. */
export class ConfigError extends Error {
  readonly code = 'bad_configuration'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
    super([`The configuration has ${count}:`, ...problems.map(sentence)].join('\n'))
    this.problems = problems
  }

  override get name(): string {
    return 'ConfigError'
  }
}

function sentence({ name, expected, given }: ConfigProblem): string {
  return `  ${name}: expected ${expected}, but it is ${given ?? 'not set'}`
}
