import { globSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'

export const ROOT = join(import.meta.dirname, '..', '..', '..')
const PAGES = ['README.md', 'docs/**/*.md', 'client/README.md', 'examples/**/README.md']

/** A fenced block: its language, the words behind it, and where it begins. */
export interface Fence {
  readonly language: string
  /** `not-run=docker check` → `{ 'not-run': 'docker', check: '' }`. */
  readonly marks: Readonly<Record<string, string>>
  readonly text: string
  readonly line: number
}

/** One page of the documentation, by its path from the root. */
export interface Page {
  readonly path: string
  readonly text: string
  readonly fences: readonly Fence[]
}

/** Every page that people read, and nothing of what is installed. */
export function readPages(): readonly Page[] {
  const paths = PAGES.flatMap((pattern) => globSync(pattern, { cwd: ROOT }))
  return paths.sort().map((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8')
    return { path: path.split(sep).join('/'), text, fences: fencesOf(text) }
  })
}

function fencesOf(text: string): readonly Fence[] {
  const fences: Fence[] = []
  for (const match of text.matchAll(/^```(\w+)?([^\n]*)\n(.*?)^```$/gms)) {
    const [, language = '', info = '', body = ''] = match
    const line = text.slice(0, match.index).split('\n').length
    const words = info.trim().split(/\s+/).filter(Boolean)
    const marks = Object.fromEntries(
      words.map((word) => {
        const [name = '', ...value] = word.split('=')
        return [name, value.join('=')]
      }),
    )
    fences.push({ language, marks, text: body, line })
  }
  return fences
}

/** The page without what stands in fences and code spans. */
export function prose({ text }: Page): string {
  return text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, '')
}

/** The names that links may end with: those that GitHub gives headings. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.replace(/^```.*?^```$/gms, '').matchAll(/^#+ +(.+)$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const slug = words.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-')
    for (let n = 0; ; n++) {
      const name = n === 0 ? slug : `${slug}-${n}`
      if (!anchors.has(name)) {
        anchors.add(name)
        break
      }
    }
  }
  return anchors
}
