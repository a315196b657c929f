import { type Answer, pathTo, Refused } from '../client.ts'
import type { Command } from '../command.ts'
import { LIMIT, showNewest } from '../newest.ts'
import type { Output } from '../output.ts'

export const serviceCommands: readonly Command[] = [
  {
    usage: 'status',
    summary: 'Whether the service is well, and how much there is of everything',
    async run({ client, out }) {
      const health = await client.get('/health').catch(whyUnwell)
      const isWell = health.ready === true
      const stats = await client.get('/api/stats').catch((error: unknown) => {
        if (isWell) throw error
        return {}
      })
      const { checks = [], ...rest } = health as { checks?: readonly Record<string, unknown>[] }
      const columns = ['name', 'ok', 'latency_ms', 'detail']
      out.recordWith(
        { ...rest, ...(out.isJson ? stats : shownStats(stats)) },
        { name: 'checks', rows: checks, columns },
      )
      if (!isWell) throw new Error('The service is not well.')
    },
  },
  {
    usage: 'routes list',
    summary: 'Every MQTT topic that is taken',
    async run({ client, out }) {
      const { data } = await client.get('/api/routes')
      out.table(data as Record<string, unknown>[], ['pattern', 'qos', 'worker_count', 'middleware'])
    },
  },
  {
    usage: 'routes test <topic> [json]',
    summary:
      'What would become of a message: route, parameters, verdict of each step. Nothing is sent',
    examples: [`routes test notifications/realtime/user/42 '{"message":"hi"}'`],
    async run({ client, out }, [topic, payload = '']) {
      const answer = await client.post('/api/routes/test', { topic, payload })
      const { steps, ...rest } = answer as { steps: readonly Record<string, unknown>[] }
      const columns = ['step', 'outcome', 'code', 'reason']
      out.recordWith(rest, { name: 'steps', rows: steps, columns })
    },
  },
  {
    usage: 'connections',
    summary: 'Realtime sessions that are connected now',
    async run({ client, out }) {
      const { data } = await client.get('/api/connections', { limit: 1000 })
      const columns = ['user_id', 'session_id', 'protocol', 'channels', 'age_seconds', 'backlog']
      out.table(data as Answer[], columns, 'Nobody is connected.')
    },
  },
  {
    usage: 'tail',
    summary: 'Everything that happens, as it happens (Ctrl-C ends)',
    async run({ client, out, signal }) {
      const { channel } = await client.post('/api/tail')
      const again = setInterval(() => void client.post('/api/tail').catch(() => {}), 15_000)
      try {
        for await (const frame of client.frames(String(channel), signal)) showEvent(out, frame)
      } finally {
        clearInterval(again)
      }
    },
  },
  {
    usage: 'outbox',
    summary: 'What channels without a provider would have sent',
    options: [
      ['--channel <name>', 'only email, sms, push …'],
      ['--show <id>', 'one of them in full'],
      LIMIT,
    ],
    async run(tools, _args, { channel, show: id, limit }) {
      const { client, out } = tools
      if (id !== undefined) return out.record(await client.get(pathTo`/api/outbox/${id}`))
      await showNewest(tools, '/api/outbox', limit, {
        columns: ['id', 'created_at', 'channel', 'to', 'title'],
        query: { channel },
        nothing: 'Nothing was sent yet.',
        shown: (row) => ({ ...row, title: row.title ?? row.subject ?? row.text }),
      })
    },
  },
]

/** A service that is not well answers 503, and says what is wrong: that is what is asked for. */
function whyUnwell(error: unknown): Answer {
  if (error instanceof Refused && Array.isArray(error.body.checks)) return error.body
  throw error
}

function showEvent(out: Output, frame: Answer): void {
  if (frame.type === 'error') throw new Error(String(frame.message))
  if (frame.type !== 'event') return
  const { at, what, ...rest } = frame.data as Record<string, unknown>
  out.done(`${at}  ${String(what).padEnd(14)}  ${JSON.stringify(rest)}`, { at, what, ...rest })
}

/** For who may not see everybody's, what is his own. */
function shownStats({ notifications, ...counts }: Answer): Record<string, unknown> {
  if (notifications === undefined) return counts
  const { total: _total, unread: _unread, by_type: _types, ...everybody } = counts
  const { from, to, total } = notifications as Record<string, unknown>
  return { ...everybody, [`${from} to ${to}`]: total }
}
