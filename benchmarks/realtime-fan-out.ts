/**
 * How fast is one event at all clients, how fast are eight, and what does an
 * idle connection cost, against a bare loop over `ws` in the same run?
 *
 * `node benchmarks/realtime-fan-out.ts [clients] [repeats] [idle]`
 *
 * @module
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

const CLIENTS = Number(process.argv[2] ?? 2000)
const REPEATS = Number(process.argv[3] ?? 60)
const IDLE = Number(process.argv[4] ?? 10_000)
const WARM_UP = 10

type Name = 'ws' | 'belfry'

const SUBSCRIBE = '{"type":"subscribe","channel":"bench"}'
const PLANS = {
  ws: { file: 'bare-ws.ts', path: '/', hello: null },
  belfry: { file: 'belfry.ts', path: '/ws?user_id=u%', hello: SUBSCRIBE },
} as const

interface Memory {
  readonly rss: number
  readonly heap: number
}

/** A server with its clients, each in a process of their own. */
class Pair {
  readonly #serving: ChildProcess
  readonly #clients: ChildProcess
  readonly #plan: (typeof PLANS)[Name]
  #port = 0
  #frameBytes = 0

  private constructor(name: Name) {
    this.#plan = PLANS[name]
    this.#serving = start(this.#plan.file)
    this.#clients = start('clients.ts')
  }

  static async start(name: Name): Promise<Pair> {
    const pair = new Pair(name)
    const started = await answer<{ port: number; frameBytes: number }>(pair.#serving)
    pair.#port = started.port
    pair.#frameBytes = started.frameBytes
    return pair
  }

  async open(count: number, { listening }: { listening: boolean }): Promise<void> {
    const { path, hello } = this.#plan
    const port = this.#port
    await ask(this.#clients, { do: 'open', port, count, path, hello: listening ? hello : null })
  }

  memory(): Promise<Memory> {
    return ask(this.#serving, { do: 'memory' })
  }

  /** Milliseconds until all clients have `count` events that were sent in one turn. */
  async deliver(count: number): Promise<number> {
    const bytes = CLIENTS * count * this.#frameBytes
    await ask(this.#clients, { do: 'expect', bytes })
    const done = answer(this.#clients)
    const startedAt = performance.now()
    this.#serving.send({ do: 'broadcast', count })
    await done
    return performance.now() - startedAt
  }

  async stop(): Promise<void> {
    for (const child of [this.#clients, this.#serving]) {
      child.disconnect()
      await once(child, 'exit')
    }
  }
}

await compareSpeed()
await compareMemory()

/** Takes turns, so that whatever else the machine does meets both alike. */
async function compareSpeed(): Promise<void> {
  const pairs = { ws: await Pair.start('ws'), belfry: await Pair.start('belfry') }
  for (const pair of Object.values(pairs)) await pair.open(CLIENTS, { listening: true })
  for (const [label, count] of [
    ['one event', 1],
    ['eight in a turn', 8],
  ] as const) {
    const elapsed: Record<Name, number[]> = { ws: [], belfry: [] }
    for (let n = -WARM_UP; n < REPEATS; n++) {
      for (const name of ['ws', 'belfry'] as const) {
        const ms = await pairs[name].deliver(count)
        if (n >= 0) elapsed[name].push(ms)
      }
    }
    const rate = (name: Name) => (CLIENTS * count * 1000) / median(elapsed[name])
    print(`${label}, deliveries/s`, rate('ws'), rate('belfry'))
  }
  for (const pair of Object.values(pairs)) await pair.stop()
}

async function compareMemory(): Promise<void> {
  const used: Record<Name, Memory> = { ws: { rss: 0, heap: 0 }, belfry: { rss: 0, heap: 0 } }
  for (const name of ['ws', 'belfry'] as const) {
    const pair = await Pair.start(name)
    const before = await pair.memory()
    await pair.open(IDLE, { listening: false })
    const after = await pair.memory()
    used[name] = {
      rss: (after.rss - before.rss) / IDLE,
      heap: (after.heap - before.heap) / IDLE,
    }
    await pair.stop()
  }
  print('bytes resident per idle connection', used.ws.rss, used.belfry.rss)
  print('bytes of heap per idle connection', used.ws.heap, used.belfry.heap)
}

function print(what: string, ws: number, belfry: number): void {
  const figures = [ws, belfry].map((value) => value.toFixed(0).padStart(9)).join('  ')
  console.log(`${what.padEnd(36)} ws, belfry: ${figures}  ratio ${(belfry / ws).toFixed(2)}`)
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1] ?? 0
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
