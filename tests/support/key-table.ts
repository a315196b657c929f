import type { FoundKey } from './redis-keys.ts'

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** One row of `docs/reference/redis-keys.md`. */
export interface KeyRow {
  readonly pattern: string
  readonly type: string
  readonly ends: string
  readonly bound: string
}

/** The rows of every table in a page of Markdown, in order. */
export function parseKeyTable(markdown: string): readonly KeyRow[] {
  return markdown.split('\n').flatMap((line) => {
    const [, name, type, ends, bound] = line.split('|').map((cell) => cell.trim())
    const pattern = /^`(.+)`$/.exec(name ?? '')?.[1]
    return pattern && type && ends && bound ? [{ pattern, type, ends, bound }] : []
  })
}

/** The first row that fits a key. */
export function rowOf(rows: readonly KeyRow[], key: string): KeyRow | undefined {
  return rows.find(({ pattern }) => matcherOf(pattern).test(key))
}

/** What is wrong with a key, in words; empty when it is as its row says. */
export function complaintsAboutKey(rows: readonly KeyRow[], found: FoundKey): string[] {
  const { key, type, ttlMs, size } = found
  const row = rowOf(rows, key)
  if (row === undefined) return [`${key} (${type}) has no row`]
  const complaints = []
  if (type !== row.type) complaints.push(`${key} is a ${type}, its row says ${row.type}`)
  if (ttlMs === -1 && !row.ends.includes('never')) complaints.push(`${key} never ends`)
  const longest = longestMs(row.ends)
  if (ttlMs > longest) complaints.push(`${key} ends in ${ttlMs} ms, its row says ${row.ends}`)
  if (size > mostEntries(row.bound)) complaints.push(`${key} has ${size} entries`)
  return complaints
}

function matcherOf(pattern: string): RegExp {
  const parts = pattern.split(/<[^>]+>/).map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.+')}$`, 's')
}

/** A moment of its own has no longest time. */
function longestMs(ends: string): number {
  if (/after|from its moment|with the key/.test(ends)) return Number.POSITIVE_INFINITY
  const times = [...ends.matchAll(/(\d+) (s|min|h|d)\b/g)]
  return Math.max(0, ...times.map(([, count, unit]) => Number(count) * UNIT_MS[unit ?? '']!))
}

function mostEntries(bound: string): number {
  return /^\d+$/.test(bound) ? Number(bound) : Number.POSITIVE_INFINITY
}
