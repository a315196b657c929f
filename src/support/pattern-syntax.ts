/**
 * The syntax of {@link LinearPattern}: what RE2 and JavaScript share, without
 * look-around, back-references and anchors within.
 *
 * @module
 */

/** Whether a character (a code point) fits. */
export type CharTest = (char: number) => boolean

export type PatternNode =
  | { readonly kind: 'char'; readonly test: CharTest }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'either'; readonly options: readonly PatternNode[] }
  /** `max` may be infinite. */
  | {
      readonly kind: 'repeat'
      readonly node: PatternNode
      readonly min: number
      readonly max: number
    }

/** Most repetitions that `{n,m}` may ask for. */
const MAX_COUNT = 100
const MAX_NESTING = 20

const isDigit: CharTest = (char) => char >= 0x30 && char <= 0x39
const isWord: CharTest = (char) =>
  isDigit(char) || (char >= 0x41 && char <= 0x5a) || (char >= 0x61 && char <= 0x7a) || char === 0x5f
const isSpace: CharTest = (char) => char === 0x20 || (char >= 0x09 && char <= 0x0d)
const isAny: CharTest = () => true

const not =
  (test: CharTest): CharTest =>
  (char) =>
    !test(char)

const CLASSES: Readonly<Record<string, CharTest>> = {
  d: isDigit,
  D: not(isDigit),
  w: isWord,
  W: not(isWord),
  s: isSpace,
  S: not(isSpace),
}
const CONTROLS: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09 }

/** Reads a pattern. Throws an `Error` that says what is wrong and where. */
export class PatternParser {
  readonly #chars: readonly string[]
  readonly #ignoresCase: boolean
  #at = 0
  #nesting = 0

  constructor(source: string) {
    this.#ignoresCase = source.startsWith('(?i)')
    const body = this.#ignoresCase ? source.slice('(?i)'.length) : source
    // The whole text must match anyway, so anchors around it say nothing new.
    this.#chars = [...body.replace(/^\^/, '').replace(/(?<!\\)((?:\\\\)*)\$$/, '$1')]
  }

  parse(): PatternNode {
    const node = this.#either()
    if (this.#at < this.#chars.length) this.#fail('has a ) too many')
    return node
  }

  #either(): PatternNode {
    const options = [this.#sequence()]
    while (this.#take('|')) options.push(this.#sequence())
    return options.length === 1 ? options[0]! : { kind: 'either', options }
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = []
    for (let char = this.#peek(); char !== undefined; char = this.#peek()) {
      if (char === '|' || char === ')') break
      parts.push(this.#repeated(this.#atom()))
    }
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts }
  }

  #repeated(node: PatternNode): PatternNode {
    const bounds = this.#bounds()
    if (bounds === null) return node
    this.#take('?') // Lazy or greedy: a whole match is the same.
    if (this.#bounds() !== null) this.#fail('repeats a repetition')
    return { kind: 'repeat', node, min: bounds[0], max: bounds[1] }
  }

  #bounds(): readonly [min: number, max: number] | null {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    const rest = this.#chars.slice(this.#at, this.#at + 9).join('')
    const counted = /^\{(\d{1,3})(?:(,)(\d{0,3}))?\}/.exec(rest)
    if (counted === null) return null
    this.#at += counted[0].length
    const min = Number(counted[1])
    const open = counted[2] !== undefined && counted[3] === ''
    const max = open ? Number.POSITIVE_INFINITY : Number(counted[3] ?? min)
    if (min > max || min > MAX_COUNT || (!open && max > MAX_COUNT)) {
      this.#fail(`counts wrongly or beyond ${MAX_COUNT}`)
    }
    return [min, max]
  }

  #atom(): PatternNode {
    const char = this.#next()
    if (char === '(') return this.#group()
    if (char === '[') return this.#char(this.#class())
    if (char === '.') return this.#char(isAny)
    if (char === '\\') return this.#char(this.#escape())
    if ('*+?{^$'.includes(char)) this.#fail(`has a ${char} where it means nothing; write \\${char}`)
    return this.#char(exactly(char))
  }

  #group(): PatternNode {
    if (this.#take('?') && !this.#take(':')) this.#fail('uses (?, of which only (?: is known')
    this.#nesting += 1
    if (this.#nesting > MAX_NESTING) this.#fail('nests too deep')
    const node = this.#either()
    if (!this.#take(')')) this.#fail('lacks a )')
    this.#nesting -= 1
    return node
  }

  #class(): CharTest {
    const negated = this.#take('^')
    const tests: CharTest[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      tests.push(this.#range())
    }
    this.#at += 1
    const test: CharTest = (char) => tests.some((each) => each(char))
    return negated ? not(test) : test
  }

  #range(): CharTest {
    const char = this.#next()
    if (char === '\\') return this.#escape()
    const isRange = this.#peek() === '-' && this.#chars[this.#at + 1] !== ']'
    if (!isRange) return exactly(char)
    this.#at += 1
    const [low, high] = [char.codePointAt(0)!, this.#next().codePointAt(0)!]
    if (low > high) this.#fail('has a range that runs backwards')
    return (each) => each >= low && each <= high
  }

  #escape(): CharTest {
    const char = this.#next()
    const known = CLASSES[char]
    if (known) return known
    const control = CONTROLS[char]
    if (control !== undefined) return (each) => each === control
    if (/[A-Za-z0-9]/.test(char)) this.#fail(`uses \\${char}, which is not known`)
    return exactly(char)
  }

  #char(test: CharTest): PatternNode {
    return { kind: 'char', test: this.#ignoresCase ? inAnyCase(test) : test }
  }

  #peek(): string | undefined {
    return this.#chars[this.#at]
  }

  #next(): string {
    const char = this.#chars[this.#at]
    if (char === undefined) return this.#fail('ends too early')
    this.#at += 1
    return char
  }

  #take(char: string): boolean {
    if (this.#chars[this.#at] !== char) return false
    this.#at += 1
    return true
  }

  #fail(why: string): never {
    throw new Error(`The pattern ${why} (at character ${this.#at}).`)
  }
}

function exactly(char: string): CharTest {
  const wanted = char.codePointAt(0)
  return (each) => each === wanted
}

function inAnyCase(test: CharTest): CharTest {
  return (char) => {
    const text = String.fromCodePoint(char)
    return [char, text.toLowerCase().codePointAt(0)!, text.toUpperCase().codePointAt(0)!].some(test)
  }
}
