import {
  BROADCAST_QUEUES,
  type BroadcastDesk,
  type BroadcastManager,
  messageOf,
} from '../../src/index.ts'
import type { QueueAdmin, QueueState } from '../deliveries/queue-admin.ts'
import type { BroadcastEntry, BroadcastLog } from './broadcast-log.ts'

/** The channels of seed 002, and who may join them. */
export type ChannelTable = readonly { readonly name: string; readonly access: string }[]

/** One variable of the configuration as it ended up, secrets hidden. */
export interface Setting {
  readonly name: string
  readonly value: string
  readonly origin: string
}

interface Parts {
  readonly manager: BroadcastManager
  readonly queues: Pick<QueueAdmin, 'state'>
  readonly broadcastLog: BroadcastLog
  readonly desk: () => Pick<BroadcastDesk, 'channels'>
  readonly driver: string
  readonly app: { readonly id: string; readonly key: string }
  readonly channels: ChannelTable
  readonly settings: readonly Setting[]
}

export interface BroadcastState {
  readonly driver: string
  readonly connections: readonly string[]
  readonly app: { readonly id: string; readonly key: string }
  readonly queues: readonly QueueState[]
  /** Channels with clients now, on all processes. */
  readonly occupied_channels: number
  readonly subscriptions: number
  readonly channels: readonly (ChannelTable[number] & { readonly subscriptions: number })[]
  readonly settings: readonly Setting[]
  readonly recent: readonly BroadcastEntry[]
}

/** What came of asking a connection whether it works. */
export interface ConnectionCheck {
  readonly connection: string
  readonly driver: string
  readonly ok: boolean
  readonly detail: string
}

/** How broadcasting stands: for operators who look, and for those who look for what is wrong. */
export class BroadcastStatus {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async state(): Promise<BroadcastState> {
    const { manager, queues, broadcastLog, desk, driver, app, channels, settings } = this.#parts
    const counts = await desk().channels('')
    const onBoth = (name: string) => (counts.get(name) ?? 0) + (counts.get(`private-${name}`) ?? 0)
    return {
      driver,
      connections: manager.names,
      app,
      queues: await Promise.all(BROADCAST_QUEUES.map((name) => queues.state(name))),
      occupied_channels: counts.size,
      subscriptions: [...counts.values()].reduce((sum, count) => sum + count, 0),
      channels: channels.map((each) => ({ ...each, subscriptions: onBoth(each.name) })),
      settings,
      recent: await broadcastLog.list(5),
    }
  }

  /** Asks the default connection, or with `all` each, whether it can be reached. */
  check(all: boolean): Promise<ConnectionCheck[]> {
    const { manager } = this.#parts
    const names = all ? manager.names : manager.names.slice(0, 1)
    return Promise.all(names.map((name) => this.#check(name)))
  }

  async #check(connection: string): Promise<ConnectionCheck> {
    const broadcaster = this.#parts.manager.connection(connection)
    const about = { connection, driver: broadcaster.name }
    try {
      await broadcaster.verify?.()
      return { ...about, ok: true, detail: broadcaster.verify ? 'reached' : 'nothing to reach' }
    } catch (error) {
      return { ...about, ok: false, detail: messageOf(error) }
    }
  }
}
