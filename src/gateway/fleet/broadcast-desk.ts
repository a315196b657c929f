import { readChannelName } from '../../broadcasting/channel-name.ts'
import type { ChannelCache } from '../channel-cache.ts'
import { type ChannelHistory, ownerOfHistory } from '../channel-history.ts'
import type { Member, MemberRecords } from '../presence/member-records.ts'
import type { RealtimeBus } from '../realtime-bus.ts'
import type { FleetQuestions } from './fleet-questions.ts'

export interface Triggered {
  readonly event: string
  /** JSON text. */
  readonly data: string
  /** The socket (or session) that is not told. */
  readonly except: string | null
}

interface Parts {
  readonly scope: string
  readonly bus: RealtimeBus
  readonly cache: ChannelCache
  readonly history: ChannelHistory
  readonly members: MemberRecords
  readonly questions: FleetQuestions
}

/** What a back end may do with channels and their clients, wherever those are connected. */
export class BroadcastDesk {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Sends an event to everybody on a channel; cache channels keep it, users' own keep the last thousand. */
  async trigger(channel: string, { event, data, except }: Triggered): Promise<void> {
    const { bus, cache, history } = this.#parts
    if (readChannelName(channel).isCache) await cache.keep(channel, { event, data })
    if (ownerOfHistory(channel) === null) {
      bus.broadcast(channel, event, data, { except })
    } else {
      const { epoch, offset: seq } = await history.keep(channel, event, data)
      bus.broadcast(channel, event, data, { except, epoch, seq })
    }
  }

  /** Resolves when all processes were told of what was triggered; rejects when they were not. */
  flushed(): Promise<void> {
    return this.#parts.bus.flushed()
  }

  /** Channels that somebody is on, with how many clients. */
  channels(prefix: string): Promise<Map<string, number>> {
    const { questions, scope } = this.#parts
    return questions.countChannels({ scope, prefix, exact: false })
  }

  async subscriptionCount(channel: string): Promise<number> {
    const { questions, scope } = this.#parts
    const counts = await questions.countChannels({ scope, prefix: channel, exact: true })
    return counts.get(channel) ?? 0
  }

  /** How many different users are on a presence channel. */
  userCount(channel: string): Promise<number> {
    const { members, scope } = this.#parts
    return members.count({ scope, channel })
  }

  async users(channel: string): Promise<readonly Member[]> {
    const { members, scope } = this.#parts
    return (await members.read({ scope, channel })).members
  }

  /** Closes all connections of a user. */
  terminate(user: string): void {
    this.#parts.bus.terminate(user)
  }
}
