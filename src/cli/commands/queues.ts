import { type Answer, type Client, pathTo } from '../client.ts'
import type { Command, Tools } from '../command.ts'
import { LIMIT, showNewest } from '../newest.ts'
import { WrongUsage } from '../wrong-usage.ts'

const FAILED_COLUMNS = ['id', 'queue', 'priority', 'attempts', 'user_id', 'reason']

interface FailedJob {
  readonly id: string
  readonly history: readonly { readonly reason?: string }[]
}

interface QueueRow {
  readonly name: string
  readonly failed: number
}

/** A command that names one job, or all by `--all`; the queue may be left out. */
function onJobs(verb: 'retry' | 'forget', summary: string): Command {
  return {
    usage: `queue ${verb} [queue] [id]`,
    summary,
    options: [['--all', 'all failed jobs, of the queue or of every queue']],
    async run({ client, out }, [first, second], { all }) {
      const rows = await queuesOf(client)
      const isQueue = second !== undefined || rows.some(({ name }) => name === first)
      const id = isQueue ? second : first
      if (id === undefined && !all) throw new WrongUsage('Say the id of a job, or --all.')
      const queues = isQueue ? [first!] : await withFailed(client, rows, id)
      const body = id === undefined ? { all: true } : { id }
      const count = await counted(queues, (queue) =>
        client.post(pathTo`/api/queues/${queue}/${verb}`, body),
      )
      const done = verb === 'retry' ? 'retried' : 'forgotten'
      out.done(`${count} job${count === 1 ? '' : 's'} ${done}.`, { [done]: count })
    },
  }
}

async function queuesOf(client: Client): Promise<readonly QueueRow[]> {
  return (await client.get('/api/queues')).data as QueueRow[]
}

async function failedOf(client: Client, queue: string): Promise<readonly FailedJob[]> {
  const { rows } = await client.list(pathTo`/api/queues/${queue}/failed`)
  return rows as unknown as FailedJob[]
}

/** The queues in which something failed, or the one in which this job did. */
async function withFailed(client: Client, rows: readonly QueueRow[], id?: string) {
  const queues = rows.filter(({ failed }) => failed > 0).map(({ name }) => name)
  if (id === undefined) return queues
  for (const queue of queues) {
    if ((await failedOf(client, queue)).some((job) => job.id === id)) return [queue]
  }
  throw new Error(`There is no failed job ${id} in any queue.`)
}

async function counted(
  queues: readonly string[],
  run: (queue: string) => Promise<Answer>,
): Promise<number> {
  let count = 0
  for (const queue of queues) count += Number(Object.values(await run(queue))[0])
  return count
}

function onQueue(verb: 'pause' | 'resume', summary: string): Command {
  return {
    usage: `queue ${verb} <queue>`,
    summary,
    async run({ client, out }: Tools, [queue]) {
      const answer = await client.post(pathTo`/api/queues/${queue}/${verb}`)
      out.done(`${queue}: ${answer.status}.`, answer)
    },
  }
}

export const queueCommands: readonly Command[] = [
  {
    usage: 'queue list',
    summary: 'Every queue: what waits, is under way, scheduled, failed',
    async run({ client, out }) {
      const { data } = await client.get('/api/queues')
      const rows = (data as Record<string, unknown>[]).map((queue) => ({
        ...queue,
        waiting: Object.values(queue.ready as Record<string, number>).reduce((a, b) => a + b, 0),
      }))
      out.table(rows, [
        'name',
        'waiting',
        'oldest_age_seconds',
        'in_flight',
        'scheduled',
        'failed',
        'paused',
      ])
    },
  },
  {
    usage: 'queue failed [queue]',
    summary: 'Jobs that failed for good, and why',
    async run({ client, out }, [only]) {
      const queues = only === undefined ? await withFailed(client, await queuesOf(client)) : [only]
      const rows = []
      for (const queue of queues) {
        for (const job of await failedOf(client, queue)) {
          rows.push({ ...job, queue, reason: job.history.at(-1)?.reason })
        }
      }
      out.table(rows, FAILED_COLUMNS, 'Nothing failed.')
    },
  },
  {
    usage: 'queue show <id>',
    summary: 'One delivery with every attempt',
    async run({ client, out }, [id]) {
      const { history, ...job } = await client.get(pathTo`/api/deliveries/${id}`)
      const rows = history as Record<string, unknown>[]
      const columns = ['at', 'provider', 'outcome', 'reason']
      out.recordWith(job, { name: 'history', rows, columns })
    },
  },
  onJobs('retry', 'Put failed jobs back as if they were new'),
  onJobs('forget', 'Throw failed jobs away'),
  {
    usage: 'queue flush [queue]',
    summary: 'Throw all failed jobs away, of a queue or of every queue',
    async run({ client, out }, [only]) {
      const queues = only === undefined ? await withFailed(client, await queuesOf(client)) : [only]
      const forgotten = await counted(queues, (queue) =>
        client.post(pathTo`/api/queues/${queue}/flush`),
      )
      out.done(`${only ?? 'Every queue'}: ${forgotten} forgotten.`, { forgotten })
    },
  },
  onQueue('pause', 'Let a queue wait'),
  onQueue('resume', 'Let a queue go on'),
]

export const deadLetterCommands: readonly Command[] = [
  {
    usage: 'dead-letters list',
    summary: 'Messages that were refused, newest first',
    options: [LIMIT],
    run: (tools, _args, { limit }) =>
      showNewest(tools, '/api/dead-letters', limit, {
        columns: ['id', 'at', 'code', 'topic', 'payload'],
        nothing: 'None.',
      }),
  },
  {
    usage: 'dead-letters show <id>',
    summary: 'One refused message and why it was refused',
    async run({ client, out }, [id]) {
      out.record(await client.get(pathTo`/api/dead-letters/${id}`))
    },
  },
  {
    usage: 'dead-letters replay <id>',
    summary: 'Send a refused message through again',
    async run({ client, out }, [id]) {
      const answer = await client.post(pathTo`/api/dead-letters/${id}/replay`)
      if (answer.status === 'refused') {
        throw new Error(`${answer.topic}: refused again; dead-letters list says why.`)
      }
      out.done(`${answer.topic}: ${answer.status}.`, answer)
    },
  },
  {
    usage: 'dead-letters flush',
    summary: 'Forget all refused messages',
    async run({ client, out }) {
      const answer = await client.delete('/api/dead-letters')
      out.done(`${answer.forgotten} forgotten.`, answer)
    },
  },
]
