import { Keys } from '../../store/keys.ts'
import type { Op, Store } from '../../store/store.ts'
import { Unavailable } from '../../support/errors.ts'
import { partitionOf } from '../../support/ids.ts'
import { type ChannelNews, eventOfChange } from '../channel-news.ts'

/** Safety net only: processes renew what they hold every half hour. */
const TTL_MS = 2 * 3_600_000
const ATTEMPTS = 50

/** A presence channel of a tenant. */
export interface Place {
  /** The tenant's key prefix, `Keys.scope`. */
  readonly scope: string
  readonly channel: string
}

/** Somebody on a presence channel; `info` is the JSON of what the others are shown. */
export interface Member {
  readonly id: string
  readonly info: string
}

/** What a write did: `version` is the channel's number of changes after it. */
export interface MemberChange {
  readonly version: number
  /** Whether it was his first process, or his last: only that is told. */
  readonly isNews: boolean
  readonly info: string
}

interface StoredMember {
  readonly info: string
  /** The processes that have a client of his there. */
  readonly nodes: readonly string[]
}

/**
 * Members of presence channels in the store: one record per member with the
 * processes that hold him, changed by compare and set, so that the fleet agrees
 * on who was first and who is last.
 */
export class MemberRecords {
  readonly #store: Store
  readonly #news: ChannelNews | null
  readonly #keys = new Map<string, Keys>()

  constructor(store: Store, news: ChannelNews | null = null) {
    this.#store = store
    this.#news = news
  }

  /** `node` has a client of this member; doing it again renews the record. */
  add(place: Place, node: string, { id, info }: Member): Promise<MemberChange> {
    return this.#change(place, node, id, (before) => {
      const nodes = new Set(before?.nodes ?? [])
      return { info: before?.info ?? info, nodes: [...nodes.add(node)] }
    })
  }

  remove(place: Place, node: string, user: string): Promise<MemberChange> {
    return this.#change(place, node, user, (before) => {
      const nodes = (before?.nodes ?? []).filter((each) => each !== node)
      return nodes.length === 0 ? null : { info: before?.info ?? '{}', nodes }
    })
  }

  /** Everybody who is there; changes up to `version` are all in it. */
  async read(place: Place): Promise<{ version: number; members: Member[] }> {
    const [version = 0] = await this.versions([place])
    const partition = this.#partition(place)
    const keys = this.#keysOf(place)
    const users = await this.#store.members(partition, keys.presence(place.channel))
    if (users.length === 0) return { version, members: [] }
    const names = users.map((user) => keys.presenceMember(place.channel, user))
    const texts = await this.#store.getMany(partition, names)
    const members = users.flatMap((id, index) => {
      const stored = parse(texts[index] ?? null)
      return stored === null ? [] : [{ id, info: stored.info }]
    })
    return { version, members }
  }

  /** How often each channel has changed. */
  async versions(places: readonly Place[]): Promise<number[]> {
    const found = new Map<Place, number>()
    for (const [partition, some] of Map.groupBy(places, (place) => this.#partition(place))) {
      const names = some.map((place) => this.#keysOf(place).presenceVersion(place.channel))
      const values = await this.#store.getMany(partition, names)
      for (const [index, place] of some.entries()) found.set(place, Number(values[index]))
    }
    return places.map((place) => found.get(place) ?? 0)
  }

  count(place: Place): Promise<number> {
    const key = this.#keysOf(place).presence(place.channel)
    return this.#store.count(this.#partition(place), key)
  }

  /** What a process holds by the store's account. */
  async heldBy(node: string): Promise<{ place: Place; user: string }[]> {
    const key = new Keys().presenceOfNode(node)
    const partitions = Array.from({ length: this.#store.partitions }, (_, partition) => partition)
    const held = await Promise.all(partitions.map((each) => this.#store.members(each, key)))
    return held.flat().map((text) => {
      const [scope, channel, user] = JSON.parse(text) as [string, string, string]
      return { place: { scope, channel }, user }
    })
  }

  async #change(
    place: Place,
    node: string,
    user: string,
    change: (before: StoredMember | null) => StoredMember | null,
  ): Promise<MemberChange> {
    const keys = this.#keysOf(place)
    const key = keys.presenceMember(place.channel, user)
    const partition = this.#partition(place)
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const text = await this.#store.get(partition, key)
      const before = parse(text)
      const after = change(before)
      const isNews = (before === null) !== (after === null)
      const outcome = await this.#store.commit({
        partition,
        guards: [['expect', key, text]],
        ops: [
          ...opsOf({ place, keys, node, user, after, isNews }),
          ...this.#told(place, user, { isNews, joined: after !== null }),
        ],
      })
      if (!outcome.applied) continue
      if (isNews) this.#news?.written()
      const info = after?.info ?? before?.info ?? '{}'
      return { version: outcome.results[0] ?? 0, isNews, info }
    }
    throw new Unavailable(`The members of ${place.channel} are being changed by too many.`)
  }

  #told(place: Place, user: string, change: { isNews: boolean; joined: boolean }) {
    if (this.#news === null || !change.isNews) return []
    const event = eventOfChange(place.channel, user, change.joined)
    return this.#news.opsOf(event, this.#partition(place))
  }

  #partition({ channel }: Place): number {
    return partitionOf(channel, this.#store.partitions)
  }

  #keysOf({ scope }: Place): Keys {
    const known = this.#keys.get(scope)
    if (known) return known
    const keys = new Keys(scope.replace(/^t:(.*):$/, '$1'))
    this.#keys.set(scope, keys)
    return keys
  }
}

interface Changed {
  readonly place: Place
  readonly keys: Keys
  readonly node: string
  readonly user: string
  readonly after: StoredMember | null
  readonly isNews: boolean
}

/** The first operation answers with the version. */
function opsOf({ place, keys, node, user, after, isNews }: Changed): Op[] {
  const { scope, channel } = place
  const key = keys.presenceMember(channel, user)
  const held = keys.presenceOfNode(node)
  const isHeld = after?.nodes.includes(node) ?? false
  return [
    ['incr', keys.presenceVersion(channel), isNews ? 1 : 0, TTL_MS],
    after === null ? ['del', key] : ['set', key, JSON.stringify(after), TTL_MS],
    [after === null ? 'srem' : 'sadd', keys.presence(channel), user],
    ['expire', keys.presence(channel), TTL_MS],
    [isHeld ? 'sadd' : 'srem', held, JSON.stringify([scope, channel, user])],
    ['expire', held, TTL_MS],
  ]
}

function parse(text: string | null): StoredMember | null {
  return text === null ? null : (JSON.parse(text) as StoredMember)
}
