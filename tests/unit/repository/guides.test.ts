import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as notifications from '../../../notifications/index.ts'
import * as app from '../../../src/bootstrap/create-app.ts'
import * as engine from '../../../src/index.ts'
import * as testing from '../../../src/testing/index.ts'

const FOLDER = join(import.meta.dirname, '../../../docs/guides')
const PACKAGES: Readonly<Record<string, object>> = {
  belfry: engine,
  'belfry/app': app,
  'belfry/notifications': notifications,
  'belfry/testing': testing,
}

function blocksOf(guide: string): string[] {
  const text = readFileSync(join(FOLDER, `${guide}.md`), 'utf8')
  return [...text.matchAll(/^```ts[^\n]*\n(.*?)^```/gms)].map(([, block = '']) => block)
}

describe.each(['notifications', 'events', 'testing', 'embedding'])('docs/guides/%s.md', (guide) => {
  it('shows code that is TypeScript', () => {
    const blocks = blocksOf(guide)
    expect(blocks.length).toBeGreaterThan(0)
    for (const block of blocks) expect(() => stripTypeScriptTypes(block)).not.toThrow()
  })

  it('imports what there is', () => {
    const imports = blocksOf(guide).flatMap((block) => [
      ...block.matchAll(/^import \{ (.+?) \} from '(.+?)'/gm),
    ])
    const missing = imports.flatMap(([, names = '', from = '']) =>
      names.split(', ').filter((name) => !(name in (PACKAGES[from] ?? {}))),
    )
    expect(missing).toEqual([])
    expect(imports.length).toBeGreaterThan(0)
  })
})
