/** Which paths are answered here, where a server also answers those of somebody else. */
export class AnsweredPaths {
  readonly #patterns: readonly (readonly string[])[]
  readonly #prefixes: readonly string[]

  /** `patterns`: `/api/users/{id}`; `prefixes`: they and everything below them. */
  constructor(patterns: readonly string[], prefixes: readonly string[]) {
    this.#patterns = patterns.map((pattern) => pattern.split('/'))
    this.#prefixes = prefixes
  }

  includes(path: string): boolean {
    if (this.#prefixes.some((each) => path === each || path.startsWith(`${each}/`))) return true
    const levels = path.replace(/(.)\/$/, '$1').split('/')
    return this.#patterns.some((pattern) => isLike(pattern, levels))
  }
}

function isLike(pattern: readonly string[], levels: readonly string[]): boolean {
  if (pattern.length !== levels.length) return false
  return pattern.every((each, index) => each.startsWith('{') || each === levels[index])
}
