import { Child } from '../support/child.ts'

export interface Served {
  readonly file: string
  readonly args?: readonly string[]
  readonly path: string
  /** How a client joins. */
  readonly hello: string | null
  /** What else is told after many have joined must be over. */
  readonly quietMs?: number
}

/** What is served, and how a client joins. */
export const SERVERS = {
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
export type ServedName = keyof typeof SERVERS

/** One of them and its clients, each in a process of its own. */
export class Stage {
  readonly #server: Child
  readonly #load: Child
  readonly #served: Served
  readonly #port: number
  readonly #frameBytes: number

  private constructor(parts: {
    readonly server: Child
    readonly load: Child
    readonly served: Served
    readonly port: number
    readonly frameBytes: number
  }) {
    this.#server = parts.server
    this.#load = parts.load
    this.#served = parts.served
    this.#port = parts.port
    this.#frameBytes = parts.frameBytes
  }

  static async set(served: Served): Promise<Stage> {
    const { file, args } = served
    const { child: server, hello } = await Child.start<{ port: number; frameBytes: number }>(
      file,
      args,
    )
    const { child: load } = await Child.start('realtime/clients.ts')
    return new Stage({ server, load, served, ...hello })
  }

  /** So many clients more; `joins`: they join what is broadcast. */
  async open(count: number, { joins }: { readonly joins: boolean }): Promise<void> {
    const { path, hello, quietMs } = this.#served
    const greeting = joins ? hello : null
    await this.#load.ask({ do: 'open', port: this.#port, count, path, hello: greeting, quietMs })
  }

  /** Bytes that the server's process holds once its garbage is gone. */
  async memory(): Promise<number> {
    return (await this.#server.ask<{ rss: number }>({ do: 'memory' })).rss
  }

  /** Milliseconds until `clients` have `count` events that were broadcast within a turn. */
  async deliver(count: number, clients: number): Promise<number> {
    await this.#load.ask({ do: 'expect', bytes: clients * count * this.#frameBytes })
    const startedAt = performance.now()
    const arrived = this.#load.next()
    this.#server.tell({ do: 'broadcast', count })
    await arrived
    return performance.now() - startedAt
  }

  async clear(): Promise<void> {
    await this.#load.stop()
    await this.#server.stop()
  }
}
