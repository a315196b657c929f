import { type CharTest, type PatternNode, PatternParser } from './pattern-syntax.ts'

const MAX_SOURCE = 512
const MAX_STEPS = 1000

type Step =
  | { readonly kind: 'char'; readonly test: CharTest }
  | { readonly kind: 'fork'; targets: number[] }
  | { readonly kind: 'end' }

/**
 * A regular expression for rules that people write, matched against the whole
 * text by following all possibilities at once (Thompson 1968): the time grows
 * with length of text times length of pattern, never faster. It knows literals,
 * `.`, `[…]`, `\d \w \s`, groups, `|`, `* + ? {n,m}` and `(?i)` in front.
 */
export class LinearPattern {
  readonly source: string
  readonly #steps: Step[] = []
  readonly #start: ReadonlySet<number>

  /** Throws an `Error` that says what is wrong with the pattern. */
  constructor(source: string) {
    if (source.length > MAX_SOURCE) throw new Error(`The pattern is longer than ${MAX_SOURCE}.`)
    this.source = source
    this.#compile(new PatternParser(source).parse())
    this.#add({ kind: 'end' })
    this.#start = this.#reach([0])
  }

  /** Whether the whole text matches. */
  test(text: string): boolean {
    let current = this.#start
    for (const char of text) {
      const code = char.codePointAt(0)!
      const next: number[] = []
      for (const at of current) {
        const step = this.#steps[at]!
        if (step.kind === 'char' && step.test(code)) next.push(at + 1)
      }
      if (next.length === 0) return false
      current = this.#reach(next)
    }
    return current.has(this.#steps.length - 1)
  }

  /** Where one can be without reading a character. */
  #reach(from: readonly number[]): ReadonlySet<number> {
    const reached = new Set<number>()
    const open = [...from]
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (reached.has(at)) continue
      reached.add(at)
      const step = this.#steps[at]
      if (step?.kind === 'fork') open.push(...step.targets)
    }
    return reached
  }

  #compile(node: PatternNode): void {
    if (node.kind === 'char') this.#add({ kind: 'char', test: node.test })
    else if (node.kind === 'sequence') for (const part of node.parts) this.#compile(part)
    else if (node.kind === 'either') this.#either(node.options)
    else this.#repeat(node.node, node.min, node.max)
  }

  #either(options: readonly PatternNode[]): void {
    const entry = this.#fork()
    const exits: { targets: number[] }[] = []
    for (const option of options) {
      entry.targets.push(this.#steps.length)
      this.#compile(option)
      exits.push(this.#fork())
    }
    for (const exit of exits) exit.targets.push(this.#steps.length)
  }

  #repeat(node: PatternNode, min: number, max: number): void {
    for (let count = 0; count < min; count++) this.#compile(node)
    if (max === Number.POSITIVE_INFINITY) {
      const loop = this.#steps.length
      const entry = this.#fork()
      entry.targets.push(this.#steps.length)
      this.#compile(node)
      this.#fork().targets.push(loop)
      entry.targets.push(this.#steps.length)
      return
    }
    const skips: { targets: number[] }[] = []
    for (let count = min; count < max; count++) {
      const skip = this.#fork()
      skip.targets.push(this.#steps.length)
      this.#compile(node)
      skips.push(skip)
    }
    for (const skip of skips) skip.targets.push(this.#steps.length)
  }

  #fork(): { targets: number[] } {
    const fork = { kind: 'fork' as const, targets: [] }
    this.#add(fork)
    return fork
  }

  #add(step: Step): void {
    if (this.#steps.length >= MAX_STEPS) throw new Error('The pattern is too large.')
    this.#steps.push(step)
  }
}
