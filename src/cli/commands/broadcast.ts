import { type Command, type Options, type Tools, wholeNumber } from '../command.ts'

type Row = Readonly<Record<string, unknown>>

interface State extends Row {
  readonly driver: string
  readonly connections: readonly string[]
  readonly queues: readonly (Row & { readonly ready: Readonly<Record<string, number>> })[]
  readonly channels: readonly Row[]
  readonly settings: readonly Row[]
  readonly recent: readonly Row[]
  readonly checks?: readonly Row[]
}

const QUEUE_COLUMNS = ['name', 'waiting', 'scheduled', 'in_flight', 'failed', 'paused']
const LOG_COLUMNS = ['created_at', 'event', 'channels', 'recorded_for', 'source', 'refused']
const CHECK_COLUMNS = ['connection', 'driver', 'ok', 'detail']
/** How long a frame may take from the API to a socket. */
const ROUND_TRIP_MS = 10_000

async function readState({ client }: Tools, verify?: 'default' | 'all'): Promise<State> {
  return (await client.get('/api/broadcasting/status', { verify })) as State
}

async function status(tools: Tools, _args: readonly string[], options: Options): Promise<void> {
  const { out } = tools
  const state = await readState(tools, options.checkDeps ? 'all' : undefined)
  const { queues, channels, settings, recent, checks = [], app, ...short } = state
  if (!options.detailed && !options.checkDeps) {
    const failed = queues.reduce((sum, { failed: count }) => sum + Number(count), 0)
    out.record({ ...short, waiting: waitingIn(state), failed })
    return
  }
  const details = [
    { name: 'queues', rows: queues.map(withWaiting), columns: QUEUE_COLUMNS },
    { name: 'channels', rows: channels, columns: ['name', 'access', 'subscriptions'] },
    { name: 'recent', rows: recent, columns: LOG_COLUMNS },
  ]
  const lists = options.detailed ? details : []
  if (options.checkDeps) lists.push({ name: 'checks', rows: checks, columns: CHECK_COLUMNS })
  out.sections({ ...short, app: (app as { key: string }).key }, lists)
  assertWorks(checks)
}

async function debug(tools: Tools, _args: readonly string[], options: Options): Promise<void> {
  const asked = ['showConfig', 'checkEnv', 'testConnection', 'testChannels']
  const all = !asked.some((name) => options[name])
  const wants = (name: string) => all || Boolean(options[name])
  const verify = wants('testConnection') ? 'default' : undefined
  const { driver, connections, settings, channels, checks = [] } = await readState(tools, verify)
  const lists: { name: string; rows: readonly Row[]; columns: readonly string[] }[] = []
  if (wants('showConfig') || wants('checkEnv')) {
    const given = settings.filter(({ origin }) => origin !== 'default')
    const rows = wants('showConfig') ? settings : given
    lists.push({ name: 'settings', rows, columns: ['name', 'value', 'origin'] })
  }
  if (verify) lists.push({ name: 'checks', rows: checks, columns: CHECK_COLUMNS })
  if (wants('testChannels')) {
    lists.push({ name: 'channels', rows: channels, columns: ['name', 'access', 'subscriptions'] })
  }
  const trip = wants('testChannels') && driver === 'gateway' ? await roundTrip(tools) : null
  const round = trip === null ? {} : { round_trip: trip }
  tools.out.sections({ driver, connections, ...round }, lists)
  assertWorks(checks)
}

/** A sample goes out and must come in at a socket of ours. */
async function roundTrip({ client, signal }: Tools): Promise<string> {
  const ends = AbortSignal.any([signal, AbortSignal.timeout(ROUND_TRIP_MS)])
  let sentAt = 0
  try {
    for await (const frame of client.frames('admin-dashboard', ends)) {
      if (frame.type === 'result') {
        sentAt = Date.now()
        await client.post('/api/broadcasting/test', { type: 'donation', count: 1 })
      }
      if (frame.type === 'error') return `refused: ${frame.message}`
      if (frame.type === 'event' && frame.event === 'donation.large') {
        return `admin-dashboard answered in ${Date.now() - sentAt} ms`
      }
    }
  } catch (error) {
    if (!ends.aborted) throw error
  }
  return 'no answer on admin-dashboard: does a process with the role worker run?'
}

async function test({ client, out }: Tools, _args: readonly string[], options: Options) {
  const { type = 'donation' } = options
  const number = wholeNumber('--count', options.count) ?? 1
  const body = { type, count: number }
  const answer = await client.post('/api/broadcasting/test', body)
  const [first] = answer.broadcasts as { event: string; channels: string[] }[]
  const times = number === 1 ? '' : `, ${number} times`
  out.done(`${first?.event} on ${first?.channels.join(', ')}${times}.`, answer)
}

async function log({ client, out }: Tools, _args: readonly string[], { limit }: Options) {
  const { data } = await client.get('/api/broadcasting/log', { limit })
  out.table(data as Row[], LOG_COLUMNS, 'Nothing was broadcast yet.')
}

function withWaiting(queue: State['queues'][number]): Row {
  return { ...queue, waiting: Object.values(queue.ready).reduce((sum, count) => sum + count, 0) }
}

function waitingIn({ queues }: State): number {
  return queues.reduce((sum, queue) => sum + Number(withWaiting(queue).waiting), 0)
}

function assertWorks(checks: readonly Row[]): void {
  const broken = checks.filter(({ ok }) => ok !== true)
  if (broken.length > 0) {
    throw new Error(`Not reached: ${broken.map(({ connection }) => connection).join(', ')}.`)
  }
}

const STATUS = {
  summary: 'Which driver broadcasts, what waits, who listens',
  options: [
    ['--detailed', 'queues, channels and the last broadcasts too'],
    ['--check-deps', 'ask every connection whether it can be reached'],
  ],
  run: status,
} as const
const DEBUG = {
  summary: 'What is set and what works; without options everything',
  options: [
    ['--show-config', 'every variable of broadcasting, secrets hidden'],
    ['--check-env', 'only the variables that are set'],
    ['--test-connection', 'ask the driver whether it can be reached'],
    ['--test-channels', 'who may join what, and a sample there and back'],
  ],
  run: debug,
} as const
const TEST = {
  summary: 'Broadcast samples, kept in no inbox',
  options: [
    ['--type <type>', 'donation (default), campaign, security or maintenance'],
    ['--count <n>', 'how many, up to 100 (default 1)'],
  ],
  examples: ['broadcast test --type campaign --count 3'],
  run: test,
} as const

/** The commands, and the same by the names that seed 002 gave them. */
export const broadcastCommands: readonly Command[] = [
  { usage: 'broadcast status', ...STATUS },
  { usage: 'broadcast debug', ...DEBUG },
  { usage: 'broadcast test', ...TEST },
  {
    usage: 'broadcast log',
    summary: 'The audit trail: what was broadcast where, at whose word',
    options: [['--limit <n>', 'how many, up to 100 (default 15)']],
    run: log,
  },
  { usage: 'notifications:broadcasting-status', isHidden: true, ...STATUS },
  { usage: 'notifications:debug-broadcast', isHidden: true, ...DEBUG },
  { usage: 'notifications:test-broadcast', isHidden: true, ...TEST },
]
