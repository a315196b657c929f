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

/** What is served, and how a client joins. */
const SERVERS = {
  ws: { file: 'realtime/bare-ws.ts', path: '/', hello: null },
  belfry: {
    file: 'realtime/belfry.ts',
    path: '/ws?user_id=u%',
    hello: '{"type":"subscribe","channel":"bench"}',
  },
} as const

interface Figures {
  /** Deliveries per second. */
  readonly single: number
  readonly burst: number
  /** Bytes per idle connection. */
  readonly memory: number
}

/**
 * One event, and eight within a turn, to all clients until the last has them; and
 * what a connection that does nothing costs; against a bare loop over `ws`.
 */
export const fanOut: Question = {
  name: 'fan-out',
  asks: 'How fast is one event at all clients, and what does a connection cost?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const clients = 5000
  const repeats = quick ? 8 : 20
  const figures = await interleave(quick ? 1 : 3, {
    ws: () => measure(SERVERS.ws, clients, repeats),
    belfry: () => measure(SERVERS.belfry, clients, repeats),
  })
  const finding = (
    what: string,
    figure: keyof Figures,
    [unit, ...must]: readonly [string, '>=' | '<=', number],
  ) =>
    compare(
      { what, unit, against: 'a bare loop over ws', must },
      figures.belfry.map((each) => each[figure]),
      figures.ws.map((each) => each[figure]),
    )
  return [
    finding(`fan-out to ${clients} clients`, 'single', ['deliveries/s', '>=', 0.9]),
    finding('the same, bursts of eight', 'burst', ['deliveries/s', '>=', 3]),
    finding('memory of an idle connection', 'memory', ['bytes', '<=', 1.3]),
  ]
}

async function measure(
  { file, path, hello }: (typeof SERVERS)[keyof typeof SERVERS],
  clients: number,
  repeats: number,
): Promise<Figures> {
  const { child: server, hello: at } = await Child.start<{ port: number; frameBytes: number }>(file)
  const { child: load } = await Child.start('realtime/clients.ts')
  const { port, frameBytes } = at
  const open = (count: number, greeting: string | null) =>
    load.ask({ do: 'open', port, count, path, hello: greeting })
  const memory = async () => (await server.ask<{ rss: number }>({ do: 'memory' })).rss

  await open(WARM_UP, null)
  const before = await memory()
  await open(IDLE, null)
  const after = await memory()
  await load.ask({ do: 'close' })
  await open(clients, hello)

  async function deliver(count: number): Promise<number> {
    await load.ask({ do: 'expect', bytes: clients * count * frameBytes })
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
    return (clients * count * repeats * 1000) / elapsed
  }
  try {
    return { single: await rate(1), burst: await rate(8), memory: (after - before) / IDLE }
  } finally {
    await load.stop()
    await server.stop()
  }
}
