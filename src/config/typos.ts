import type { Environment } from './source.ts'
import { KNOWN } from './variables.ts'

const OURS = /^(BELFRY|MQTT|REDIS)_/
// What Kubernetes and Docker add for a service of that name.
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT\w*|PORT_\d+_\w+)$/
const MOST_EDITS = 2

/** A sentence for each variable that is probably meant to be one of ours. */
export function typosIn(env: Environment): readonly string[] {
  return Object.keys(env)
    .filter((name) => OURS.test(name) && !isRead(name) && !SERVICE_LINK.test(name))
    .map((name) => ({ name, near: nearest(name) }))
    .filter(({ near }) => near !== undefined)
    .map(({ name, near }) => `${name} is no variable of Belfry; did you mean ${near}?`)
}

function isRead(name: string): boolean {
  return KNOWN.has(name) || KNOWN.has(name.replace(/_FILE$/, ''))
}

function nearest(name: string): string | undefined {
  let best: string | undefined
  let fewest = MOST_EDITS + 1
  for (const known of KNOWN) {
    if (Math.abs(known.length - name.length) >= fewest) continue
    const edits = distance(squeezed(name), squeezed(known))
    if (edits < fewest) [best, fewest] = [known, edits]
  }
  return best
}

/** Case and underscores are forgotten more often than letters. */
function squeezed(name: string): string {
  return name.toUpperCase().replaceAll('_', '')
}

/** Levenshtein's: how many letters must be put in, left out or changed. */
function distance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i++) {
    const next = [i]
    for (let j = 1; j <= right.length; j++) {
      const change = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[right.length]!
}
