import type { Variable } from './variable.ts'
import { SECTIONS } from './variables.ts'

const WIDTH = 98

const HEAD = [
  'Every variable that Belfry reads, with its default. None is needed to start: copy this file to',
  '.env and take the # away where you want something else. What the environment says wins over',
  '.env. A value may be file:/run/secrets/x, and <NAME>_FILE is read too.',
]

/** The text of `.env.example`: every variable, what it means and what it is without being set. */
export function renderEnvExample(): string {
  const parts = [HEAD.map((line) => `# ${line}`).join('\n')]
  for (const [title, table] of Object.entries(SECTIONS)) {
    const rows = Object.entries<Variable>(table).map(([name, row]) => entry(name, row))
    parts.push(`# ---- ${title} ${'-'.repeat(WIDTH - title.length - 8)}`, ...rows)
  }
  return `${parts.join('\n\n')}\n`
}

function entry(name: string, row: Variable): string {
  const notes = [row.about]
  if (row.fallback === null) notes.push(`Default: ${row.otherwise}.`)
  if (row.aliases.length > 0) notes.push(`Also read: ${row.aliases.join(', ')}.`)
  const value = row.fallback ?? row.example
  const shown = value === '' ? row.example : value
  return [...wrapped(notes.join(' ')), `# ${name}=${quoted(shown)}`].join('\n')
}

function quoted(value: string): string {
  return /[\s#]/.test(value) ? `"${value}"` : value
}

function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length + 1 <= WIDTH) {
      lines[lines.length - 1] = `${last} ${word}`
    } else {
      lines.push(`# ${word}`)
    }
  }
  return lines
}
