import type { Client } from './client.ts'
import type { Output } from './output.ts'
import { WrongUsage } from './wrong-usage.ts'

/** What every command gets. */
export interface Tools {
  readonly client: Client
  readonly out: Output
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C. Whoever looks at it ends by himself; any other command is just cut off. */
  readonly signal: AbortSignal
}

export type Options = Readonly<Record<string, string | boolean | string[] | undefined>>

/** One line of the table of commands. */
export interface Command {
  /** Words and arguments: `alerts ack [id]`. */
  readonly usage: string
  readonly summary: string
  /** Flags as commander reads them, each with what it means. */
  readonly options?: readonly (readonly [flags: string, meaning: string])[]
  readonly examples?: readonly string[]
  /** Left out of `--help`: another name of a command that is there. */
  readonly isHidden?: boolean
  run(tools: Tools, args: readonly string[], options: Options): Promise<void>
}

/** JSON that somebody typed, or a clear word about why it is none. */
export function jsonArgument(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new WrongUsage(`This is no JSON: ${text.slice(0, 80)} (${reason})`)
  }
}

/** A number from 1 on that somebody typed; `undefined`: he said none. */
export function wholeNumber(name: string, text: Options[string]): number | undefined {
  if (text === undefined || /^[1-9]\d{0,8}$/.test(String(text)))
    return text === undefined ? text : Number(text)
  throw new WrongUsage(`${name} is a whole number, 1 at least.`)
}
