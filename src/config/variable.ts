import type { z } from 'zod'

/** What of a value must not be shown: all of it, its credentials, or the path of its URL. */
export type Secrecy = 'none' | 'all' | 'credentials' | 'path'

/** One row of the table: an environment variable, how it is read and what it means. */
export interface Variable<Value = unknown, Fallback extends string | null = string | null> {
  /** What it is for, in words that end up in `.env.example` and the reference. */
  readonly about: string
  /** From the text in the environment to the value. Its issues complete "expected …". */
  readonly schema: z.ZodType<Value, string>
  /** The text that is read where nothing is given. */
  readonly fallback: Fallback
  /** What `.env.example` shows behind the name where there is no fallback. */
  readonly example: string
  /** What happens without it, where there is no fallback. */
  readonly otherwise: string
  /** Other names that are read when this one is not set, first match first. */
  readonly aliases: readonly string[]
  readonly secrecy: Secrecy
  /** Whether the value is the path of a file: then `file:` is part of the path's notation. */
  readonly isPath: boolean
}

interface Details {
  readonly about: string
  readonly example?: string
  readonly otherwise?: string
  readonly aliases?: readonly string[]
  readonly secrecy?: Secrecy
  readonly isPath?: boolean
}

/** A variable without a fallback: its value is `undefined` where it is not set. */
export function optional<Value>(
  schema: z.ZodType<Value, string>,
  details: Details,
): Variable<Value, null> {
  return { ...complete(details), schema, fallback: null }
}

/** A variable that always has a value. */
export function withDefault<Value>(
  fallback: string,
  schema: z.ZodType<Value, string>,
  details: Details,
): Variable<Value, string> {
  return { ...complete(details), schema, fallback }
}

function complete(details: Details) {
  const { about, example = '', otherwise = '', aliases = [] } = details
  const { secrecy = 'none', isPath = false } = details
  return { about, example, otherwise, aliases, secrecy, isPath }
}

/** A value as it may be shown and logged. */
export function shown(value: string, secrecy: Secrecy): string {
  if (secrecy === 'all') return `[hidden, ${Buffer.byteLength(value)} bytes]`
  if (secrecy === 'path') return value.replace(/^(\w+:\/\/)?[^/?#]*@/, '$1').replace(PATH, '$1/…')
  const open = secrecy === 'credentials' ? withoutCredentials(value) : value
  return open.length > 120 ? `${open.slice(0, 119)}…` : open
}

const PATH = /^(\w+:\/\/[^/?#]*).*$/s

/** Hides what stands before the last `@` of each URL in a comma list, and its query. */
function withoutCredentials(list: string): string {
  return list
    .split(/,(?=\s*[a-z]+:\/\/)/i)
    .map((url) => url.replace(LOGIN, '$1[hidden]@').replace(/\?.*$/s, '?…'))
    .map((url) => url.replace(NO_PORT, '$1:[hidden]'))
    .join(',')
}

const LOGIN = /^(\s*[a-z]+:\/\/)?.*@/is
// A password with a comma and a scheme in it is cut in two: what looks like its first half.
const NO_PORT = /^(\s*(?:[a-z]+:\/\/)?[^\s:/[\]]*):(?!\d{1,5}(?:\/|,|$)|\/\/|\[?hidden).*$/is
