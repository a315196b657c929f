import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readPages } from './pages.ts'

/**
 * Writes the TypeScript of the documentation that says `check` into a folder, and
 * answers with the files. What one page has is one project: `as=` gives a snippet
 * the name by which others import it.
 */
export function writeSnippets(folder: string): readonly string[] {
  const files: string[] = []
  for (const { path, fences } of readPages()) {
    for (const { language, marks, text, line } of fences) {
      if (language !== 'ts' || !('check' in marks)) continue
      const name = marks.as ?? `line-${line}.ts`
      const file = join(folder, path.replaceAll(/[/.]/g, '-'), name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, text)
      files.push(file)
    }
  }
  return files
}
