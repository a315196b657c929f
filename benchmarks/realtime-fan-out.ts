/**
 * How fast is one event at all clients, how fast are eight, and what does an
 * idle connection cost, against a bare loop over `ws` in the same run?
 *
 * `node benchmarks/realtime-fan-out.ts [clients] [rounds]`
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

const CLIENTS = Number(process.argv[2] ?? 2000)
const ROUNDS = Number(process.argv[3] ?? 5)
const REPEATS = 20
const WARM_UP = 2000
const IDLE = 4000

interface Figures {
  /** Deliveries per second. */
  readonly single: number
  readonly burst: number
  /** Bytes per idle connection. */
  readonly heap: number
  readonly rss: number
}

const servers = {
  ws: { file: 'bare-ws.ts', path: '/', hello: null },
  belfry: {
    file: 'belfry.ts',
    path: '/ws?user_id=u%',
    hello: '{"type":"subscribe","channel":"bench"}',
  },
}

const results: Record<keyof typeof servers, Figures[]> = { ws: [], belfry: [] }
for (let round = 0; round < ROUNDS; round++) {
  for (const name of ['ws', 'belfry'] as const) results[name].push(await measure(servers[name]))
}
report()

async function measure(server: (typeof servers)[keyof typeof servers]): Promise<Figures> {
  const serving = start(server.file)
  const { port, frameBytes } = await answer<{ port: number; frameBytes: number }>(serving)
  const clients = start('clients.ts')
  const { path, hello } = server
  // What a process needs once, however many come, is not the price of a connection.
  await ask(clients, { do: 'open', port, count: WARM_UP, path, hello: null })
  const before = await ask<Memory>(serving, { do: 'memory' })
  await ask(clients, { do: 'open', port, count: IDLE, path, hello: null })
  const after = await ask<Memory>(serving, { do: 'memory' })
  await ask(clients, { do: 'close' })
  await ask(clients, { do: 'open', port, count: CLIENTS, path, hello })

  const deliver = async (count: number) => {
    const bytes = CLIENTS * count * frameBytes
    await ask(clients, { do: 'expect', bytes })
    const done = answer(clients)
    const startedAt = performance.now()
    serving.send({ do: 'broadcast', count })
    await done
    return performance.now() - startedAt
  }
  const rate = async (count: number) => {
    for (let n = 0; n < 5; n++) await deliver(count)
    let elapsed = 0
    for (let n = 0; n < REPEATS; n++) elapsed += await deliver(count)
    return (CLIENTS * count * REPEATS * 1000) / elapsed
  }
  const single = await rate(1)
  const burst = await rate(8)
  for (const child of [clients, serving]) {
    child.disconnect()
    await once(child, 'exit')
  }
  return {
    single,
    burst,
    heap: (after.heap - before.heap) / IDLE,
    rss: (after.rss - before.rss) / IDLE,
  }
}

interface Memory {
  readonly rss: number
  readonly heap: number
}

function start(file: string): ChildProcess {
  const url = new URL(`realtime/${file}`, import.meta.url)
  return fork(url, { execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning'] })
}

async function answer<Answer>(child: ChildProcess): Promise<Answer> {
  const [message] = (await once(child, 'message')) as [Answer]
  return message
}

function ask<Answer>(child: ChildProcess, command: object): Promise<Answer> {
  const answered = answer<Answer>(child)
  child.send(command)
  return answered
}

function report(): void {
  const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? 0
  const of = (name: keyof typeof servers, figure: keyof Figures) =>
    median(results[name].map((figures) => figures[figure]))
  console.log(`${CLIENTS} clients, medians of ${ROUNDS} rounds`)
  for (const figure of ['single', 'burst', 'heap', 'rss'] as const) {
    const [ws, belfry] = [of('ws', figure), of('belfry', figure)]
    const ratio = (belfry / ws).toFixed(2)
    console.log(
      `${figure.padEnd(8)} ws ${ws.toFixed(0).padStart(9)}  belfry ${belfry.toFixed(0).padStart(9)}  ratio ${ratio}`,
    )
  }
}
