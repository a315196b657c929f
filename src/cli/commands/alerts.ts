import { pathTo, Refused } from '../client.ts'
import type { Command, Options, Tools } from '../command.ts'
import { WrongUsage } from '../wrong-usage.ts'

/** Of one alert: what people look for, before everything else that is known. */
const SHOWN_FIRST = ['id', 'type', 'severity', 'status', 'message', 'source', 'count', 'created_at']
const COLUMNS = ['id', 'severity', 'type', 'status', 'count', 'message', 'created_at']

/** Acts on one alert, or on all that are open, of one type if wished. */
function acting(
  action: 'ack' | 'unack' | 'resolve' | 'snooze' | 'escalate',
  summary: string,
  own: NonNullable<Command['options']> = [],
): Command {
  return {
    usage: `alerts ${action} [id]`,
    summary,
    options: [
      ['--all', 'every open alert'],
      ['--type <type>', 'every open alert of one type'],
      ['--note <text>', 'say why'],
      ['--user <id>', 'in whose name'],
      ...own,
    ],
    examples: [
      `alerts ${action} --type pump --note "on it"${action === 'snooze' ? ' --for 2h' : ''}`,
    ],
    async run(tools, [id], options) {
      const { all, type, note, user, until } = options
      const isMany = Boolean(all || type)
      if ((id === undefined) !== isMany) {
        throw new WrongUsage('Say either an id, or --all, or --type <type>.')
      }
      if (action === 'snooze' && !options.for && !until) {
        throw new WrongUsage('Say --for <time> or --until <time>.')
      }
      const body = { note, user_id: user, for: options.for, until }
      const ids = id === undefined ? await idsOf(tools, type) : [id]
      const results: Record<string, unknown>[] = []
      for (const each of ids) {
        const path = pathTo`/api/alerts/${each}/${action}`
        const status = await act(tools, path, { body, isMany })
        results.push({ alert_id: each, status })
      }
      tools.out.table(results, ['alert_id', 'status'], 'No open alert.')
    },
  }
}

/** Among many, one that is over by now is no reason to leave the others. */
async function act(
  { client }: Tools,
  path: string,
  { body, isMany }: { body: object; isMany: boolean },
): Promise<unknown> {
  try {
    return (await client.post(path, body)).status
  } catch (error) {
    if (!isMany || !(error instanceof Refused) || ![404, 409].includes(error.status)) throw error
    return error.body.code
  }
}

async function idsOf({ client }: Tools, type: Options[string]): Promise<string[]> {
  const { rows } = await client.list('/api/alerts', { type })
  return rows.map(({ id }) => String(id))
}

export const alertCommands: readonly Command[] = [
  {
    usage: 'alerts list',
    summary: 'Open alerts, oldest first',
    options: [
      ['--status <status>', 'open (default), triggered, acknowledged, snoozed, resolved or all'],
      ['--type <type>', 'of one type'],
    ],
    async run({ client, out }, _args, { status, type }) {
      const { rows } = await client.list('/api/alerts', { status, type })
      out.table(rows, COLUMNS, status ? `No alert that is ${status}.` : 'No open alert.')
    },
  },
  {
    usage: 'alerts show <id>',
    summary: 'One alert with its log',
    async run({ client, out }, [id]) {
      const { log, ...alert } = await client.get(pathTo`/api/alerts/${id}`)
      const rows = log as Record<string, unknown>[]
      const first = Object.fromEntries(SHOWN_FIRST.map((name) => [name, alert[name]]))
      out.recordWith(
        { ...first, ...alert },
        { name: 'log', rows, columns: ['at', 'what', 'who', 'why'] },
      )
    },
  },
  acting('ack', 'Acknowledge an alert, or several', [
    ['--for <time>', 'how long it may take: 90s, 30m, 2h; then the alert comes back'],
  ]),
  acting('unack', 'Take an acknowledgement back: the alert begins again'),
  acting('snooze', 'Keep an alert quiet for a while', [
    ['--for <time>', 'how long: 90s, 30m, 2h, 1d'],
    ['--until <time>', 'until when, as ISO 8601'],
  ]),
  acting('escalate', 'Tell the people of the next step at once'),
  acting('resolve', 'Resolve an alert, or several'),
]
