import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The version of this package: the built files lie one folder deeper than the source. */
export function version(): string {
  for (const up of ['../..', '../../..']) {
    try {
      const text = readFileSync(join(import.meta.dirname, up, 'package.json'), 'utf8')
      return (JSON.parse(text) as { version: string }).version
    } catch {
      // Not here: one folder further up.
    }
  }
  return 'unknown'
}
