import type { Tools } from '../command.ts'
import { type Command, WrongUsage } from '../command.ts'

const COLUMNS = ['id', 'severity', 'type', 'status', 'count', 'message', 'created_at']

interface Listed {
  readonly id: string
  readonly type: string
  readonly status: string
}

/** Acts on one alert, or on all that are open, of one type if wished. */
function acting(action: 'ack' | 'unack' | 'resolve', done: string): Command {
  return {
    usage: `alerts ${action} [id]`,
    summary: `${done} an alert`,
    options: [
      ['--all', 'every open alert'],
      ['--type <type>', 'every open alert of one type'],
      ['--note <text>', 'say why'],
      ['--user <id>', 'in whose name'],
    ],
    examples: [`alerts ${action} --all --note "on it"`],
    async run(tools, [id], options) {
      const ids = id === undefined ? await chosen(tools, options) : [id]
      const body = { note: options.note, user_id: options.user }
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
  acting('ack', 'Acknowledge'),
  acting('unack', 'Take back the acknowledgement of'),
  acting('resolve', 'Resolve'),
]
