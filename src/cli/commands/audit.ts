import type { Command } from '../command.ts'
import { LIMIT, showNewest } from '../newest.ts'

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
    options: [...FILTERS, LIMIT],
    run: (tools, _args, { limit, ...query }) =>
      showNewest(tools, '/api/audit', limit, { columns: ['at', 'who', 'what', 'target'], query }),
  },
  {
    usage: 'audit export',
    summary: 'All of it as JSON lines',
    options: FILTERS,
    async run({ client, out }, _args, query) {
      for await (const line of client.lines('/api/audit/export', query)) out.line(line)
    },
  },
]
