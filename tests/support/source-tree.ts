import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** Source files by their path from the root of the repository. */
export type SourceTree = ReadonlyMap<string, string>

/** Reads every TypeScript file in these folders. */
export function readSourceTree(root: string, folders: readonly string[]): SourceTree {
  const files = globSync(
    folders.map((folder) => `${folder}/**/*.{ts,tsx}`),
    { cwd: root },
  )
  return new Map(files.toSorted().map((file) => [file, readFileSync(join(root, file), 'utf8')]))
}

/** What a file imports: other files of the tree, and packages by their names. */
export interface Imports {
  readonly files: readonly string[]
  readonly packages: readonly string[]
}

const SPECIFIER = /\bfrom\s+'([^'\n]+)'|\bimport\s*\(?\s*'([^'\n]+)'/g

/** Static, dynamic and type-only imports and re-exports of a file. */
export function importsOf(file: string, text: string): Imports {
  const files: string[] = []
  const packages: string[] = []
  for (const [, from, direct] of withoutComments(text).matchAll(SPECIFIER)) {
    const specifier = from ?? direct ?? ''
    if (specifier.startsWith('.')) files.push(normalize(join(dirname(file), specifier)))
    else packages.push(packageOf(specifier))
  }
  return { files: [...new Set(files)], packages: [...new Set(packages)] }
}

/** `fastify`, `@fastify/cors` and `node:fs` from whatever is imported of them. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier
  return specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
}

/** The text without block comments and comment lines. */
export function withoutComments(text: string): string {
  return text.replace(/^\s*\/\*[\s\S]*?\*\//gm, '').replace(/^\s*\/\/.*$/gm, '')
}

/** Groups of files that import each other in circles, type-only imports included. */
export function importCycles(tree: SourceTree): readonly (readonly string[])[] {
  const numbers = new Map<string, number>()
  const lowest = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[][] = []

  // Tarjan's strongly connected components.
  function visit(file: string): number {
    const number = numbers.size
    numbers.set(file, number)
    lowest.set(file, number)
    stack.push(file)
    for (const next of importsOf(file, tree.get(file) ?? '').files) {
      if (!tree.has(next)) continue
      const seen = numbers.get(next)
      if (seen === undefined) keepLowest(file, visit(next))
      else if (stack.includes(next)) keepLowest(file, seen)
    }
    if (lowest.get(file) === number) {
      const group = stack.splice(stack.indexOf(file))
      if (group.length > 1 || importsOf(file, tree.get(file) ?? '').files.includes(file)) {
        cycles.push(group.toSorted())
      }
    }
    return lowest.get(file) ?? number
  }

  function keepLowest(file: string, number: number): void {
    lowest.set(file, Math.min(lowest.get(file) ?? number, number))
  }

  for (const file of tree.keys()) if (!numbers.has(file)) visit(file)
  return cycles
}
