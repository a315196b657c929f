import type { IncomingMessage as HttpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Client } from 'aedes'
import type { Clock } from '../../support/clock.ts'
import { messageOf } from '../../support/errors.ts'
import type { Logger } from '../../support/logger.ts'
import type { Publisher } from '../message.ts'
import { internalsOf } from './aedes-internals.ts'
import type { BrokerStatus, ClientInfo } from './broker-options.ts'
import type { BrokerStore } from './broker-store.ts'
import type { Connections } from './connections.ts'
import type { Door } from './doors.ts'
import type { OrderedBroker } from './ordered-broker.ts'
import type { PacketGuard } from './packet-guard.ts'
import type { PublishHook } from './publish-hook.ts'
import type { TakeIn } from './take-in.ts'

export interface BrokerParts {
  readonly broker: OrderedBroker
  readonly store: BrokerStore
  readonly connections: Connections
  readonly guard: PacketGuard
  readonly takeIn: Pick<TakeIn<object>, 'taken' | 'refused'>
  readonly hook: PublishHook
  readonly publisher: Publisher
  readonly addresses: WeakMap<Client, string>
  readonly node: string
  readonly clock: Clock
  readonly log: Logger
  /** Messages that full queues did without. */
  readonly dropped: () => number
}

/** A retained message. */
export interface KeptMessage {
  readonly topic: string
  readonly payload: Buffer
}

const SWEEP_MS = 30_000
const SESSION_MS = 7 * 24 * 60 * 60 * 1000
const EXPIRE_EVERY_MS = 60 * 60 * 1000
/** How long sent acknowledgements get to leave before sockets are closed for good. */
const FLUSH_MS = 500

/** The MQTT 3.1.1 broker inside the process. Made by `startEmbeddedBroker`. */
export class EmbeddedBroker {
  readonly publisher: Publisher
  readonly #parts: BrokerParts
  readonly #timers: (() => void)[]
  #doors: readonly Door[] = []
  #state: BrokerStatus['state'] = 'open'
  #stopped: Promise<void> | null = null

  constructor(parts: BrokerParts) {
    this.#parts = parts
    this.publisher = parts.publisher
    this.#timers = [
      parts.clock.every(SWEEP_MS, () => this.#cutExpired()),
      parts.clock.every(EXPIRE_EVERY_MS, () => {
        void this.#quietly(this.#endUnusedSessions())
      }),
    ]
  }

  /** Takes over listeners whose connections come to `accept`. */
  listenAt(doors: readonly Door[]): void {
    this.#doors = doors
  }

  /** The TCP port. */
  get port(): number {
    return this.#doors[0]?.port ?? 0
  }

  /** The TLS port; 0 without one. */
  get tlsPort(): number {
    return this.#doors[1]?.port ?? 0
  }

  /**
   * Serves a connection from another door, such as MQTT over WebSocket (a
   * stream of the binary messages; the door bounds their size).
   */
  accept(stream: Duplex, request?: HttpRequest): void {
    if (this.#state === 'stopping') {
      stream.destroy()
      return
    }
    const { broker, guard, addresses } = this.#parts
    const client = broker.handle(stream, request)
    addresses.set(client, addressOf(stream, request))
    guard.watch(client)
    stream.once('close', () => this.#left(client))
  }

  /** What is kept under these filters, prefix included. */
  *kept(filters: readonly string[]): Generator<KeptMessage> {
    for (const { topic, payload } of this.#parts.store.retained.matching(filters)) {
      yield { topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload }
    }
  }

  clients(): ClientInfo[] {
    return this.#parts.connections.all().map(({ clientId, principal, connectedAt, address }) => ({
      clientId,
      principal,
      connectedAt,
      address,
    }))
  }

  /** Closes a client's connection; `false` when there is none. Its session stays. */
  disconnect(clientId: string): boolean {
    const found = this.#parts.connections.all().filter((each) => each.clientId === clientId)
    for (const { client } of found) client.close()
    return found.length > 0
  }

  status(): BrokerStatus {
    const { store, connections, takeIn, dropped } = this.#parts
    return {
      state: this.#state,
      clients: connections.size,
      sessions: store.sessions.size,
      queued: store.outgoing.count(),
      retained: this.#stopped ? 0 : store.retained.size,
      taken: takeIn.taken,
      refused: takeIn.refused,
      dropped: dropped(),
    }
  }

  /**
   * Lets nobody in and takes nothing more in, ends what is under way, closes
   * the clients and the file. What is not done after `deadlineMs` was not
   * acknowledged, so its publisher sends it again.
   */
  stop(deadlineMs = 5000): Promise<void> {
    this.#stopped ??= this.#stop(deadlineMs)
    return this.#stopped
  }

  async #stop(deadlineMs: number): Promise<void> {
    const endsAt = performance.now() + deadlineMs
    this.#state = 'stopping'
    for (const cancel of this.#timers) cancel()
    for (const door of this.#doors) door.close()
    const { broker, store, hook, publisher, node, log } = this.#parts
    const isDone = await within(hook.close(), deadlineMs)
    if (!isDone) log.warn('stopped with messages under way; their publishers will send them again')
    const told = publisher.publish(`belfry/status/${node}`, 'offline', { retain: true })
    await within(this.#quietly(told), Math.max(FLUSH_MS, endsAt - performance.now()))
    await this.#sayGoodbye(Math.min(FLUSH_MS, endsAt - performance.now()))
    await within(
      new Promise<void>((resolve) => broker.close(() => resolve())),
      Math.max(FLUSH_MS, endsAt - performance.now()),
    )
    store.close()
  }

  /** Lets what was written go out, then closes. Wills stay in the file (MQTT 3.1.1 §3.1.2.5). */
  async #sayGoodbye(ms: number): Promise<void> {
    const closed = this.#parts.connections.all().map(({ client }) => {
      // A restart is no death: who is back within a minute takes his will back.
      internalsOf(client).will = null
      const gone = new Promise<void>((resolve) => client.conn.once('close', resolve))
      client.conn.end()
      return gone
    })
    await within(Promise.all(closed), ms)
  }

  #left(client: Client): void {
    const { connections, store, clock } = this.#parts
    const connection = connections.remove(client)
    if (!connection || client.clean || this.#stopped) return
    const touched = store.write(() => store.sessions.touch(connection.clientId, clock.now()))
    void this.#quietly(touched)
  }

  /** A token ends, and with it what it opened. */
  #cutExpired(): void {
    const { connections, clock, log } = this.#parts
    const now = clock.now()
    for (const { client, clientId, principal } of connections.all()) {
      if (principal?.expiresAt == null || principal.expiresAt > now) continue
      log.info({ client: clientId }, 'closed a connection: its credentials have expired')
      client.close()
    }
  }

  async #endUnusedSessions(): Promise<void> {
    const { store, connections, clock, log } = this.#parts
    const now = clock.now()
    await store.write(() => {
      for (const { clientId } of connections.all()) store.sessions.touch(clientId, now)
    })
    for (const clientId of store.sessions.unusedSince(now - SESSION_MS)) {
      log.info({ client: clientId }, 'ended a session that nobody used for seven days')
      await store.endSession(clientId)
    }
  }

  async #quietly(work: Promise<unknown>): Promise<void> {
    try {
      await work
    } catch (error) {
      this.#parts.log.warn(
        { err: error },
        `the broker could not keep its books: ${messageOf(error)}`,
      )
    }
  }
}

/** Whether `work` ended within `ms`. */
async function within(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.max(0, ms))
  })
  const done = work.then(() => true)
  return Promise.race([done, late]).finally(() => clearTimeout(timer))
}

function addressOf(stream: Duplex, request: HttpRequest | undefined): string {
  const socket = request?.socket ?? (stream as { remoteAddress?: string; remotePort?: number })
  return socket.remoteAddress === undefined ? '' : `${socket.remoteAddress}:${socket.remotePort}`
}
