import type { Command } from '../command.ts'

const FILTERS: NonNullable<Command['options']> = [
  ['--who <id>', 'only what this user, device or key did'],
  ['--match <text>', 'only routes or paths with this in them, such as /alerts/'],
  ['--since <time>', 'ISO 8601 or epoch seconds'],
  ['--until <time>', 'the same; exclusive'],
]

export const auditCommands: readonly Command[] = [
  {
    usage: 'audit list',
    summary: 'Who did what, newest first',
    options: [...FILTERS, ['--limit <n>', 'how many, at most 100']],
    async run({ client, out }, _arguments, options) {
      const { data } = await client.get('/api/audit', given(options))
      out.table(data as Record<string, unknown>[], ['at', 'who', 'what', 'target'])
    },
  },
  {
    usage: 'audit export',
    summary: 'All of it as JSON lines',
    options: FILTERS,
    async run({ client, out }, _arguments, options) {
      for await (const line of client.lines('/api/audit/export', given(options))) out.line(line)
    },
  },
]

function given(options: Readonly<Record<string, unknown>>): Record<string, string> {
  const names = ['who', 'match', 'since', 'until', 'limit']
  const pairs = names.flatMap((name) => (options[name] ? [[name, String(options[name])]] : []))
  return Object.fromEntries(pairs) as Record<string, string>
}
