import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from './pages.ts'

/** What Vite puts into the files of the dashboard; everything else npm installs with its own licence. */
const BUNDLED = ['preact', '@preact/signals', '@preact/signals-core', 'uplot']

/** The licences of libraries that are part of the files that we ship. */
export function licencesPage(): string {
  const parts = BUNDLED.map((name) => {
    const folder = join(ROOT, 'node_modules', name)
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      readonly version: string
      readonly license: string
    }
    const text = readFileSync(join(folder, 'LICENSE'), 'utf8').trim()
    return `## ${name} ${version} (${license})\n\n${text}\n`
  })
  return [
    '# Licences of what is bundled\n\nThe built dashboard (`build/dashboard`) contains these libraries. Everything else that Belfry uses is installed by npm beside it, each with its own licence; `@belfry/client` contains nothing of others.\n',
    ...parts,
  ].join('\n')
}
