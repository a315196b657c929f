import { readChannelName, unescapeId } from './channel-name.ts'

/** What the members of a presence channel are shown of one another. */
export type PresenceInfo = Readonly<Record<string, unknown>>

/** `null`: no rule speaks of this channel. An object lets in, and is shown to the others. */
export type ChannelVerdict = boolean | PresenceInfo | null

/** Parameters named in a pattern: `user.{id}` → `{ id }`. */
export type PatternParams<Pattern extends string> = string extends Pattern
  ? Readonly<Record<string, string>>
  : Pattern extends `${string}{${infer Name}}${infer Rest}`
    ? { readonly [Key in Name | keyof PatternParams<Rest>]: string }
    : Record<never, string>

type Params = Readonly<Record<string, string>>
type Rule<Caller> = (
  caller: Caller,
  params: Params,
) => boolean | PresenceInfo | Promise<boolean | PresenceInfo>

interface Entry<Caller> {
  readonly pattern: RegExp
  /** `null`: open to everybody. */
  readonly rule: Rule<Caller> | null
}

/**
 * Who may join which broadcast channel, by patterns on the name without prefix.
 * The first pattern that fits decides. `{x}` is a part without dots, the last one
 * of a pattern takes whatever is left, since ids may hold dots.
 */
export class ChannelRules<Caller> {
  readonly #entries: Entry<Caller>[] = []

  /** Declares a rule: `(caller, params) => may he, or what he is shown as`. */
  channel<Pattern extends string>(
    pattern: Pattern,
    rule: (
      caller: Caller,
      params: PatternParams<Pattern>,
    ) => boolean | PresenceInfo | Promise<boolean | PresenceInfo>,
  ): void {
    this.#entries.push({ pattern: compile(pattern), rule: rule as unknown as Rule<Caller> })
  }

  /** Lets everybody onto a channel, under any prefix. */
  open(pattern: string): void {
    this.#entries.push({ pattern: compile(pattern), rule: null })
  }

  /** Nobody in particular (`null`) may join no channel that has a rule. */
  async verdict(caller: Caller | null, channel: string): Promise<ChannelVerdict> {
    const { base } = readChannelName(channel)
    for (const { pattern, rule } of this.#entries) {
      const match = pattern.exec(base)
      if (!match) continue
      return rule === null
        ? true
        : caller !== null && (await rule(caller, unescaped(match.groups ?? {})))
    }
    return null
  }
}

function compile(pattern: string): RegExp {
  const parts = pattern.split(/\{(\w+)\}/)
  const last = parts.length - 2
  const source = parts.map((part, index) => {
    if (index % 2 === 0) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    return index === last ? `(?<${part}>.+)` : `(?<${part}>[^.]+)`
  })
  return new RegExp(`^${source.join('')}$`)
}

function unescaped(groups: Params): Params {
  return Object.fromEntries(
    Object.entries(groups).map(([name, value]) => [name, unescapeId(value)]),
  )
}
