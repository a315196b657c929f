import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { FleetNodes } from '../../../src/gateway/fleet/fleet-nodes.ts'
import { MemberRecords } from '../../../src/gateway/presence/member-records.ts'
import { type Announced, Presence } from '../../../src/gateway/presence/presence.ts'
import { PresenceWatch } from '../../../src/gateway/presence/presence-watch.ts'
import { Keys } from '../../../src/store/keys.ts'
import { openSqliteStore, type SqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { silent } from '../../support/gateway.ts'

const PLACE = { scope: '', channel: 'presence-room' }

/** A process whose clients believe what they were shown. */
class Node {
  readonly presence: Presence
  readonly watch: PresenceWatch
  readonly believed = new Set<string>()
  readonly faults: string[] = []
  /** Its own: that of the store goes on when a process has died. */
  readonly clock = new FakeClock()
  isDead = false

  constructor(fleet: Fleet, name: string) {
    const records = new MemberRecords(fleet.store)
    this.presence = new Presence({
      node: name,
      records,
      announce: (_place, change) => fleet.announce(change),
      show: (_place, user, info) => this.#believe(user, info),
      log: silent,
    })
    const nodes = new FleetNodes({ store: fleet.store, keys: new Keys() })
    const { presence, clock } = this
    const onAlive = () => {}
    this.watch = new PresenceWatch({ node: name, nodes, presence, onAlive, clock, log: silent })
  }

  async enter(client: string, user: string): Promise<void> {
    const wasAlone = this.presence.size === 0
    await this.presence.enter(PLACE, client, { id: user, info: `{"of":"${user}"}` })
    if (!wasAlone) return
    this.believed.clear()
    for (const { id } of this.presence.here(PLACE)) this.believed.add(id)
  }

  get here(): string[] {
    return this.presence
      .here(PLACE)
      .map(({ id }) => id)
      .sort()
  }

  #believe(user: string, info: string | null): void {
    const was = this.believed.has(user)
    if (info === null ? !was : was)
      this.faults.push(`${user} ${info === null ? 'left' : 'came'} twice`)
    if (info === null) this.believed.delete(user)
    else this.believed.add(user)
  }
}

/** Processes on one store, whose announcements may be lost, late or doubled. */
class Fleet {
  readonly clock = new FakeClock()
  readonly store: SqliteStore
  readonly nodes: Node[] = []
  readonly late: Announced[] = []
  fate: () => 'told' | 'lost' | 'late' | 'twice' = () => 'told'

  constructor(count: number) {
    this.store = openSqliteStore({ path: ':memory:', clock: this.clock, log: silent })
    for (let n = 0; n < count; n++) this.nodes.push(new Node(this, `node${n}`))
  }

  announce(change: Announced): void {
    const fate = this.fate()
    if (fate === 'late') this.late.push(change)
    if (fate === 'told' || fate === 'twice') this.tell(change)
    if (fate === 'twice') this.tell(change)
  }

  tell(change: Announced): void {
    for (const node of this.nodes) if (!node.isDead) node.presence.onMember(PLACE, change)
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms)
    for (const node of this.nodes) {
      if (node.isDead) continue
      node.clock.advance(ms)
      await node.watch.beat()
    }
  }
}

let fleet: Fleet
afterEach(() => fleet.store.close())

/** Two processes that watch each other, with one client each. */
async function annAndBen(): Promise<[a: Node, b: Node]> {
  fleet = new Fleet(2)
  for (const node of fleet.nodes) await node.watch.start()
  const [a, b] = fleet.nodes as [Node, Node]
  await a.enter('a1', 'ann')
  await b.enter('b1', 'ben')
  await fleet.pass(10_000)
  return [a, b]
}

describe('presence', () => {
  it('counts a user from his first client in the fleet to his last', async () => {
    fleet = new Fleet(2)
    const [a, b] = fleet.nodes as [Node, Node]
    await a.enter('a0', 'watcher')
    await b.enter('b0', 'watcher')
    const told: Announced[] = []
    fleet.fate = () => 'told'
    const tell = fleet.tell.bind(fleet)
    fleet.tell = (change) => {
      told.push(change)
      tell(change)
    }
    await Promise.all([a.enter('a1', 'ann'), a.enter('a2', 'ann'), b.enter('b1', 'ann')])
    expect(told.map(({ user, info }) => [user, info])).toEqual([['ann', '{"of":"ann"}']])
    a.presence.leave(PLACE, 'a1', 'ann')
    b.presence.leave(PLACE, 'b1', 'ann')
    await Promise.all([a.presence.drain(), b.presence.drain()])
    expect(told).toHaveLength(1)
    a.presence.leave(PLACE, 'a2', 'ann')
    await a.presence.drain()
    expect(told.map(({ info }) => info)).toEqual(['{"of":"ann"}', null])
    expect(a.here).toEqual(['watcher'])
  })

  it('lets the members of a process that died leave when its lease has run out, not before', async () => {
    fleet = new Fleet(3)
    for (const node of fleet.nodes) await node.watch.start()
    const [a, b, c] = fleet.nodes as [Node, Node, Node]
    await a.enter('a1', 'ann')
    await b.enter('b1', 'ann')
    await b.enter('b2', 'ben')
    await c.enter('c1', 'cleo')
    await fleet.pass(10_000)
    b.isDead = true
    await fleet.pass(5000)
    expect(a.here).toEqual(['ann', 'ben', 'cleo'])
    await fleet.pass(5000)
    for (const node of [a, c]) {
      expect(node.here).toEqual(['ann', 'cleo'])
      expect(node.faults).toEqual([])
    }
  })

  it('keeps the members of a process whose clock is set back by an hour', async () => {
    const [a, b] = await annAndBen()
    a.clock.leap(-3_600_000)
    for (let beats = 0; beats < 8; beats++) await fleet.pass(2_500)
    for (const node of [a, b]) expect(node.here).toEqual(['ann', 'ben'])
    b.isDead = true
    for (let beats = 0; beats < 8; beats++) await fleet.pass(2_500)
    expect(a.here).toEqual(['ann'])
  })

  it('judges nobody right after the store was away for longer than a lease', async () => {
    const [a, b] = await annAndBen()
    fleet.clock.advance(60_000)
    for (const node of fleet.nodes) node.clock.advance(60_000)
    await a.watch.beat()
    expect(a.here).toEqual(['ann', 'ben'])
    await b.watch.beat()
    await fleet.pass(10_000)
    expect(a.here).toEqual(['ann', 'ben'])
    expect([...a.faults, ...b.faults]).toEqual([])
  })

  it('writes again what the store has lost', async () => {
    fleet = new Fleet(2)
    for (const node of fleet.nodes) await node.watch.start()
    const [a, b] = fleet.nodes as [Node, Node]
    await a.enter('a1', 'ann')
    await b.enter('b1', 'ben')
    const keys: string[] = []
    for await (const { key } of fleet.store.keys()) keys.push(key)
    await fleet.store.commit({ partition: 0, ops: keys.map((key) => ['del', key] as const) })
    await fleet.pass(5000)
    await fleet.pass(5000)
    const { members } = await new MemberRecords(fleet.store).read(PLACE)
    expect(members.map(({ id }) => id).sort()).toEqual(['ann', 'ben'])
    expect(a.here).toEqual(['ann', 'ben'])
    expect(b.here).toEqual(['ann', 'ben'])
    expect([...a.faults, ...b.faults]).toEqual([])
  })

  it('leaves no key behind', async () => {
    fleet = new Fleet(1)
    const [a] = fleet.nodes as [Node]
    await a.watch.start()
    await a.enter('a1', 'ann')
    a.presence.leave(PLACE, 'a1', 'ann')
    await a.watch.stop()
    const left: string[] = []
    for await (const { key } of fleet.store.keys()) left.push(key)
    expect(left).toEqual(['presence_version:presence-room'])
  })

  it('is the same everywhere in the end, whatever is lost, late or told twice', async () => {
    const step = fc.record({
      node: fc.nat(2),
      user: fc.constantFrom('u0', 'u1', 'u2'),
      tab: fc.nat(1),
      comes: fc.boolean(),
      fate: fc.constantFrom('told' as const, 'lost' as const, 'late' as const, 'twice' as const),
      waits: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        fleet = new Fleet(3)
        for (const [index, node] of fleet.nodes.entries()) await node.enter('w', `w${index}`)
        const expected = await play(fleet, steps)
        for (const change of fleet.late.toReversed()) fleet.tell(change)
        for (const node of fleet.nodes) await node.presence.compare(false)
        for (const node of fleet.nodes) {
          expect(node.here).toEqual(expected)
          expect([...node.believed].sort()).toEqual(expected)
          expect(node.faults).toEqual([])
        }
        await fleet.store.close()
      }),
      { numRuns: 60 },
    )
  })
})

interface Step {
  readonly node: number
  readonly user: string
  readonly tab: number
  readonly comes: boolean
  readonly fate: ReturnType<Fleet['fate']>
  readonly waits: boolean
}

/** Lets clients come and go, also before the last one has come in; answers who must be there then. */
async function play(fleet: Fleet, steps: readonly Step[]): Promise<string[]> {
  const { nodes } = fleet
  const wanted = new Map<string, string>()
  const doing: Promise<unknown>[] = []
  for (const { node: at, user, tab, comes, fate, waits } of steps) {
    const client = `${user}-${tab}`
    fleet.fate = () => fate
    if (comes) doing.push(nodes[at]!.enter(client, user))
    else nodes[at]!.presence.leave(PLACE, client, user)
    if (comes) wanted.set(`${at} ${client}`, user)
    else wanted.delete(`${at} ${client}`)
    if (waits) await Promise.all(doing)
  }
  await Promise.all(doing)
  for (const node of nodes) await node.presence.drain()
  return [...new Set([...wanted.values(), 'w0', 'w1', 'w2'])].sort()
}
