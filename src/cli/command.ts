import type { Client } from './client.ts'
import type { Output } from './output.ts'

/** What every command gets. */
export interface Tools {
  readonly client: Client
  readonly out: Output
  readonly env: Readonly<Record<string, string | undefined>>
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

/** A command that was called in the wrong way: exit code 2. */
export class WrongUsage extends Error {}

/** JSON that somebody typed, or a clear word about why it is none. */
export function jsonArgument(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new WrongUsage(`This is no JSON: ${text.slice(0, 80)} (${reason})`)
  }
}
