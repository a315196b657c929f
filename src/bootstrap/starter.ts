import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { Conflict } from '../support/errors.ts'
import { version } from './version.ts'

/** npm leaves files of these names out of packages. */
const RENAMED: Readonly<Record<string, string>> = { env: '.env', gitignore: '.gitignore' }

/** What was written, by its path in the project. */
export type MadeProject = {
  readonly folder: string
  readonly files: readonly string[]
}

/** Copies the starter into a folder. Writes nothing, and throws `Conflict`, when it would replace a file. */
export async function makeProject(given: string): Promise<MadeProject> {
  const folder = resolve(given)
  const from = starterFolder()
  const found = await readdir(from, { recursive: true, withFileTypes: true })
  const sources = found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(from.length + 1))
    .sort()
  const targets = sources.map((file) => RENAMED[file] ?? file)
  const taken = targets.filter((file) => existsSync(join(folder, file)))
  if (taken.length > 0) throw new Conflict(`${folder} has ${taken.join(', ')} already.`)
  const words = { name: packageName(folder), version: version() }
  for (const [index, file] of targets.entries()) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    const text = await readFile(join(from, sources[index] ?? file), 'utf8')
    await writeFile(join(folder, file), filled(text, words))
  }
  return { folder, files: targets }
}

/** Only names of ours: what Liquid and others write in braces stays. */
function filled(text: string, { name, version }: { name: string; version: string }): string {
  return text.replaceAll('{{name}}', name).replaceAll('{{version}}', version)
}

/** What npm takes as a name. */
function packageName(folder: string): string {
  const name = basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return name || 'belfry-project'
}

/** Beside package.json: the built files lie one folder deeper than the source. */
function starterFolder(): string {
  const folders = ['../..', '../../..'].map((up) => join(import.meta.dirname, up, 'starter'))
  const found = folders.find((folder) => existsSync(folder))
  if (found === undefined) throw new Error('The starter is missing from this installation.')
  return found
}
