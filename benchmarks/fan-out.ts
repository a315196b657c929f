import { existsSync } from 'node:fs'
import { serverAvailable } from '../tests/support/servers.ts'
import { Child } from './support/child.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

/** Connected before memory is looked at: what a process needs once is not a connection's price. */
const WARM_UP = 2000
const IDLE = 4000
const CLIENTS = 5000
const NCHAN = '/usr/lib/nginx/modules/ngx_nchan_module.so'

interface Served {
  readonly file: string
  readonly args?: readonly string[]
  readonly path: string
  /** How a client joins. */
  readonly hello: string | null
  /** What else is told after many have joined must be over. */
  readonly quietMs?: number
}

/** What is served, and how a client joins. */
const SERVERS = {
  ws: { file: 'realtime/bare-ws.ts', path: '/', hello: null },
  native: {
    file: 'realtime/belfry.ts',
    path: '/ws?user_id=u%',
    hello: '{"type":"subscribe","channel":"bench"}',
  },
  pusher: {
    file: 'realtime/belfry.ts',
    args: ['pusher'],
    path: '/app/bench?protocol=7',
    hello: '{"event":"pusher:subscribe","data":{"channel":"bench"}}',
    quietMs: 6000,
  },
  socketIo: {
    file: 'realtime/bare-socket-io.ts',
    path: '/socket.io/?EIO=4&transport=websocket',
    hello: '40',
  },
  nchan: { file: 'realtime/nchan.ts', path: '/sub', hello: null },
} as const satisfies Readonly<Record<string, Served>>
type Name = keyof typeof SERVERS

interface Figures {
  /** Deliveries per second. */
  readonly single: number
  readonly burst: number
  /** Bytes per idle connection. */
  readonly memory: number
}

/**
 * One event, and eight within a turn, to all clients until the last has them; and
 * what a connection that does nothing costs; against a bare loop over `ws`,
 * Socket.IO's own broadcast, and nginx with nchan.
 */
export const fanOut: Question = {
  name: 'fan-out',
  asks: 'How fast is one event at all clients, and what does a connection cost?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const repeats = quick ? 8 : 20
  const rounds = quick ? 1 : 3
  const arm = (name: Name) => () => measure(SERVERS[name], repeats)
  const figures = await interleave<Exclude<Name, 'nchan'>, Figures>(rounds, {
    ws: arm('ws'),
    native: arm('native'),
    pusher: arm('pusher'),
    socketIo: arm('socketIo'),
  })
  const hasNchan = serverAvailable('nginx') && existsSync(NCHAN)
  const { nchan } = hasNchan ? await interleave(rounds, { nchan: arm('nchan') }) : { nchan: [] }
  return findingsOf({ ...figures, nchan })
}

function findingsOf(figures: Readonly<Record<Name, readonly Figures[]>>): Finding[] {
  const finding = (
    [what, ours, figure]: readonly [string, Name, keyof Figures],
    [yardstick, against]: readonly [Name, string],
    must: Finding['must'],
  ) =>
    compare(
      { what, unit: figure === 'memory' ? 'bytes' : 'deliveries/s', against, must },
      figures[ours].map((each) => each[figure]),
      figures[yardstick].map((each) => each[figure]),
    )
  const ws = ['ws', 'a bare loop over ws'] as const
  const io = ['socketIo', 'socket.io’s own broadcast'] as const
  const nchan = ['nchan', 'nginx with nchan'] as const
  const to = `fan-out to ${CLIENTS} clients`
  return [
    finding([`${to}, native`, 'native', 'single'], ws, ['>=', 0.9]),
    finding([`${to}, Pusher`, 'pusher', 'single'], ws, ['>=', 0.9]),
    finding(['bursts of eight, native', 'native', 'burst'], ws, ['>=', 3]),
    finding(['bursts of eight, Pusher', 'pusher', 'burst'], ws, ['>=', 3]),
    finding([`${to}, native`, 'native', 'single'], io, ['>=', 1]),
    finding([`${to}, Pusher`, 'pusher', 'single'], io, ['>=', 1]),
    ...(figures.nchan.length === 0
      ? []
      : [finding([`${to}, native`, 'native', 'single'], nchan, ['>=', 0.9])]),
    finding(['memory of an idle connection', 'native', 'memory'], ws, ['<=', 1.3]),
  ]
}

async function measure({ file, args, path, hello, quietMs }: Served, repeats: number) {
  const { child: server, hello: at } = await Child.start<{ port: number; frameBytes: number }>(
    file,
    args,
  )
  const { child: load } = await Child.start('realtime/clients.ts')
  const { port, frameBytes } = at
  const open = (count: number, greeting: string | null) =>
    load.ask({ do: 'open', port, count, path, hello: greeting, quietMs })
  const memory = async () => (await server.ask<{ rss: number }>({ do: 'memory' })).rss

  await open(WARM_UP, null)
  const before = await memory()
  await open(IDLE, null)
  const after = await memory()
  await load.ask({ do: 'close' })
  await open(CLIENTS, hello)

  async function deliver(count: number): Promise<number> {
    await load.ask({ do: 'expect', bytes: CLIENTS * count * frameBytes })
    const startedAt = performance.now()
    const arrived = load.next()
    server.tell({ do: 'broadcast', count })
    await arrived
    return performance.now() - startedAt
  }
  async function rate(count: number): Promise<number> {
    for (let n = 0; n < 5; n++) await deliver(count)
    let elapsed = 0
    for (let n = 0; n < repeats; n++) elapsed += await deliver(count)
    return (CLIENTS * count * repeats * 1000) / elapsed
  }
  try {
    return { single: await rate(1), burst: await rate(8), memory: (after - before) / IDLE }
  } finally {
    await load.stop()
    await server.stop()
  }
}
