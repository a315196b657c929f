import type { Tools } from '../command.ts'
import { type Command, WrongUsage } from '../command.ts'

const COLUMNS = ['id', 'severity', 'type', 'status', 'count', 'message', 'created_at']

interface Listed {
  readonly id: string
  readonly type: string
  readonly status: string
}

/** Acts on one alert, or on all that are open, of one type if wished. */
function acting(
  action: 'ack' | 'unack' | 'resolve' | 'snooze' | 'escalate',
  done: string,
  own: NonNullable<Command['options']> = [],
): Command {
  return {
    usage: `alerts ${action} [id]`,
    summary: `${done} an alert`,
    options: [
      ['--all', 'every open alert'],
      ['--type <type>', 'every open alert of one type'],
      ['--note <text>', 'say why'],
      ['--user <id>', 'in whose name'],
      ...own,
    ],
    examples: [`alerts ${action} --all --note "on it"`],
    async run(tools, [id], options) {
      const ids = id === undefined ? await chosen(tools, options) : [id]
      const { note, user, until } = options
      if (action === 'snooze' && !options.for && !until) {
        throw new WrongUsage('Say --for <time> or --until <time>.')
      }
      const body = { note, user_id: user, for: options.for, until }
      const results: object[] = []
      for (const each of ids) {
        const answer = await tools.client.post(`/api/alerts/${each}/${action}`, body)
        results.push({ alert_id: each, status: answer.status })
      }
      tools.out.table(
        results as Record<string, unknown>[],
        ['alert_id', 'status'],
        'No open alert.',
      )
    },
  }
}

async function chosen(tools: Tools, options: { readonly all?: unknown; readonly type?: unknown }) {
  if (!options.all && !options.type) throw new WrongUsage('Say an id, --all or --type <type>.')
  const { data } = await tools.client.get('/api/alerts', { limit: 100 })
  return (data as readonly Listed[])
    .filter(({ type }) => !options.type || type === options.type)
    .map(({ id }) => id)
}

export const alertCommands: readonly Command[] = [
  {
    usage: 'alerts list',
    summary: 'Open alerts, oldest first',
    options: [['--status <status>', 'open (default), all, acknowledged, resolved']],
    async run({ client, out }, _args, { status }) {
      const { data } = await client.get('/api/alerts', { limit: 100, status: status as string })
      out.table(data as Record<string, unknown>[], COLUMNS, 'No open alert.')
    },
  },
  {
    usage: 'alerts show <id>',
    summary: 'One alert with its log',
    async run({ client, out }, [id]) {
      const { log, ...alert } = await client.get(`/api/alerts/${id}`)
      const rows = log as Record<string, unknown>[]
      out.recordWith(alert, { name: 'log', rows, columns: ['at', 'what', 'who', 'why'] })
    },
  },
  acting('ack', 'Acknowledge', [
    ['--for <time>', 'how long it may take: 90s, 30m, 2h; then the alert comes back'],
  ]),
  acting('unack', 'Take back the acknowledgement of'),
  acting('snooze', 'Quiet for a while', [
    ['--for <time>', 'how long: 90s, 30m, 2h, 1d'],
    ['--until <time>', 'until when, as ISO 8601'],
  ]),
  acting('escalate', 'Tell the people of the next step of'),
  acting('resolve', 'Resolve'),
]
