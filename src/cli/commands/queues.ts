import { type Command, type Tools, WrongUsage } from '../command.ts'

const FAILED_COLUMNS = ['id', 'priority', 'attempts', 'user_id', 'reason']

interface FailedJob {
  readonly history: readonly { readonly reason?: string }[]
}

/** A command that names one job, or all of a queue by `--all`. */
function onJobs(verb: 'retry' | 'forget', summary: string): Command {
  return {
    usage: `queue ${verb} <queue> [id]`,
    summary,
    options: [['--all', 'all failed jobs of the queue']],
    async run({ client, out }, [queue, id], { all }) {
      if (id === undefined && !all) throw new WrongUsage('Say the id of a job, or --all.')
      const body = id === undefined ? { all: true } : { id }
      const answer = await client.post(`/api/queues/${queue}/${verb}`, body)
      const [[, count] = []] = Object.entries(answer)
      out.done(`${count} job${count === 1 ? '' : 's'}: ${verb}.`, answer)
    },
  }
}

function onQueue(verb: 'flush' | 'pause' | 'resume', summary: string): Command {
  return {
    usage: `queue ${verb} <queue>`,
    summary,
    async run({ client, out }: Tools, [queue]) {
      const answer = await client.post(`/api/queues/${queue}/${verb}`)
      out.done(`${queue}: ${answer.status ?? `${answer.forgotten} forgotten`}.`, answer)
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
    usage: 'queue failed <queue>',
    summary: 'Jobs that failed for good, and why',
    async run({ client, out }, [queue]) {
      const { data } = await client.get(`/api/queues/${queue}/failed`, { limit: 100 })
      const rows = (data as (FailedJob & Record<string, unknown>)[]).map((job) => ({
        ...job,
        reason: job.history.at(-1)?.reason,
      }))
      out.table(rows, FAILED_COLUMNS, 'Nothing failed.')
    },
  },
  {
    usage: 'queue show <id>',
    summary: 'One delivery with every attempt',
    async run({ client, out }, [id]) {
      const { history, ...job } = await client.get(`/api/deliveries/${id}`)
      const rows = history as Record<string, unknown>[]
      const columns = ['at', 'provider', 'outcome', 'reason']
      out.recordWith(job, { name: 'history', rows, columns })
    },
  },
  onJobs('retry', 'Put failed jobs back as if they were new'),
  onJobs('forget', 'Throw failed jobs away'),
  onQueue('flush', 'Throw all failed jobs of a queue away'),
  onQueue('pause', 'Let a queue wait'),
  onQueue('resume', 'Let a queue go on'),
]

export const deadLetterCommands: readonly Command[] = [
  {
    usage: 'dead-letters list',
    summary: 'Messages that were refused, newest first',
    options: [['--limit <n>', 'how many, up to 100 (default 15)']],
    async run({ client, out }, _args, { limit }) {
      const { data } = await client.get('/api/dead-letters', { limit: limit as string })
      out.table(
        data as Record<string, unknown>[],
        ['id', 'at', 'code', 'topic', 'payload'],
        'None.',
      )
    },
  },
  {
    usage: 'dead-letters show <id>',
    summary: 'One refused message and why it was refused',
    async run({ client, out }, [id]) {
      out.record(await client.get(`/api/dead-letters/${id}`))
    },
  },
  {
    usage: 'dead-letters replay <id>',
    summary: 'Send a refused message through again',
    async run({ client, out }, [id]) {
      const answer = await client.post(`/api/dead-letters/${id}/replay`)
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
