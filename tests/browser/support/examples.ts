import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import { serveSite, type TestSite } from './site.ts'

const EXAMPLES = join(import.meta.dirname, '..', '..', '..', 'examples')

/** Builds the pages of `examples/` and serves them as a strict web site would. */
export async function serveExamples(): Promise<TestSite> {
  const outDir = mkdtempSync(join(tmpdir(), 'belfry-examples-'))
  await build({
    configFile: join(EXAMPLES, 'vite.config.ts'),
    logLevel: 'error',
    build: { outDir, emptyOutDir: true },
  })
  const site = await serveSite(outDir)
  return {
    url: site.url,
    stop: async () => {
      await site.stop()
      rmSync(outDir, { recursive: true, force: true })
    },
  }
}
