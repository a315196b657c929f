import { randomUUID } from 'node:crypto'
import { messageOf } from '../support/errors.ts'
import { confirmedBy } from './confirmed-by.ts'
import type { Connection } from './connection.ts'
import { Errands } from './errands.ts'
import type { FleetParts } from './fleet-parts.ts'
import { inherit, type Member, planMembers } from './fleet-plan.ts'
import type { FleetStatus } from './fleet-status.ts'
import { allLanes, changeMembers } from './passing-members.ts'
import { retireSession } from './retirement.ts'
import { isSame, type SlotClient, SlotClients } from './slot-clients.ts'
import { type Slot, Slots } from './slots.ts'
import { Subscriber, type SubscriberOptions } from './subscriber.ts'

/** Pause before the place of a process is looked for again, the store having been away. */
const SETTLE_AGAIN_MS = 500

/** This process's share of the broker sessions: those of its slot, and those it takes over. */
export class Fleet {
  readonly #parts: FleetParts
  readonly #slots: Slots
  readonly #clients: SlotClients
  readonly #ready = Promise.withResolvers<void>()
  readonly #stopping = Promise.withResolvers<void>()
  readonly #retiring = new Set<string>()
  readonly #errands: Errands
  /** A broker may forget shared subscriptions at its restart: what comes before us is lost. */
  readonly #neighbours = new Set<Connection>()
  #slot: Slot | null = null
  #following: Promise<void> = Promise.resolve()
  #members: readonly Subscriber[] = []
  /** What they are planned as. */
  #planned: readonly Member[] = []
  #isSweeping = false
  #isStopped = false
  #stopMs = 0
  #stopSweeping: () => void = () => undefined

  constructor(parts: FleetParts) {
    this.#parts = parts
    this.#errands = new Errands(parts.log)
    this.#slots = new Slots({ ...parts, holder: randomUUID() })
    this.#clients = new SlotClients(parts.store)
  }

  /** Resolves when everything was subscribed for the first time. */
  get ready(): Promise<void> {
    return this.#ready.promise
  }

  get isSubscribed(): boolean {
    return this.#slot !== null && this.#members.every(({ isSubscribed }) => isSubscribed)
  }

  start(): void {
    const { clock, times } = this.#parts
    void this.#errands.run(this.#occupy())
    this.#stopSweeping = clock.every(
      times.sweepEveryMs,
      () => void this.#errands.run(this.#sweep()),
    )
    this.#parts.router.onPassing(() => this.#errands.run(this.#follow()))
  }

  /** Finishes what was taken, for at most `deadlineMs`, and leaves the slot to the next process. */
  async stop(deadlineMs: number): Promise<void> {
    this.#isStopped = true
    this.#stopMs = deadlineMs
    this.#stopSweeping()
    this.#stopping.resolve()
    const { promise: deadline, resolve } = Promise.withResolvers<void>()
    const cancel = this.#parts.clock.after(deadlineMs, resolve)
    await Promise.all(this.#members.map((member) => member.stop(deadlineMs)))
    await this.#slot?.release({ vacate: true })
    await Promise.race([this.#errands.settle(), deadline])
    cancel()
  }

  status(): FleetStatus {
    return {
      slot: this.#slot?.number ?? null,
      lanes: this.#members.map((member) => member.status()),
      retiring: [...this.#retiring],
    }
  }

  /** Holds a slot and works in it; when somebody else got it, takes another. */
  async #occupy(): Promise<void> {
    while (!this.#isStopped) {
      const slot = await this.#slots.claim(() => this.#isStopped)
      if (slot === null) return
      if (this.#isStopped) return slot.release({ vacate: true })
      this.#slot = slot
      const { number, takenOver } = slot
      this.#parts.log.info({ slot: number, takenOver }, 'holding a slot of the fleet')
      while (!this.#isOver(slot) && !(await this.#settle(slot))) {
        await new Promise<void>((resolve) => this.#parts.clock.after(SETTLE_AGAIN_MS, resolve))
      }
      await Promise.race([slot.lost, this.#stopping.promise])
      if (this.#isStopped) return
      const members = this.#members
      this.#members = []
      this.#slot = null
      await Promise.all(members.map((member) => member.abandon()))
    }
  }

  /** Connects the sessions of our slot. `false` when the store did not answer. */
  async #settle(slot: Slot): Promise<boolean> {
    try {
      const planned = this.#plan(slot.number)
      const known = await this.#clients.read(slot.number)
      const leftOver = known.filter((client) => !planned.some(isSame(client)))
      await this.#clients.write(slot.number, [...planned, ...leftOver])
      if (this.#isOver(slot)) return true
      slot.onLateSign(() => {
        const note = () => this.#clients.write(slot.number, this.#planned)
        void this.#errands.run(this.#inTurn(note))
      })
      this.#planned = planned
      this.#members = planned.map((member) => new Subscriber(this.#options(member, slot, known)))
      for (const member of this.#members) member.start()
      void Promise.all(this.#members.map(({ ready }) => ready)).then(() => this.#ready.resolve())
      if (leftOver.length > 0) void this.#errands.run(this.#retireLeftOver(slot, leftOver))
      // Routes that came or went meanwhile found nothing to change.
      void this.#errands.run(this.#follow())
      return true
    } catch (error) {
      this.#parts.log.warn({ reason: messageOf(error) }, 'the sessions of the slot are not known')
      return false
    }
  }

  #plan(slot: number): readonly Member[] {
    return planMembers(allLanes(this.#parts.router), slot, this.#parts)
  }

  /** Other routes came or went. */
  #follow(): Promise<void> {
    return this.#inTurn(() => this.#change())
  }

  /** One change of our slot after the other, whatever became of the one before. */
  #inTurn(change: () => Promise<void>): Promise<void> {
    this.#following = this.#following.catch(() => {}).then(change)
    return this.#following
  }

  async #change(): Promise<void> {
    const slot = this.#slot
    if (slot === null || this.#members.length === 0 || this.#isOver(slot)) return
    const planned = this.#plan(slot.number)
    const changed = await changeMembers({
      ...{ members: this.#members, planned, clients: this.#clients, slot: slot.number },
      make: (member) => new Subscriber(this.#options(member, slot, [])),
      ...{ clock: this.#parts.clock, isOver: () => this.#isOver(slot) },
    })
    if (changed === null) return
    this.#members = changed.members
    this.#planned = planned
    // Emptying a session takes a while; other changes do not wait for it.
    if (changed.gone.length > 0) void this.#errands.run(this.#retireLeftOver(slot, changed.gone))
  }

  /** Sessions of our slot that our routes need no more: known until nothing is left in them. */
  async #retireLeftOver(slot: Slot, leftOver: readonly SlotClient[]): Promise<void> {
    if (!(await this.#retire(slot, leftOver))) return
    await this.#inTurn(() => this.#clients.forget(slot.number, leftOver, this.#planned))
  }

  /** Takes over the sessions of one slot whose process is gone, if there is any. */
  async #sweep(): Promise<void> {
    if (this.#isSweeping || this.#isStopped || !this.#slot?.isSteady) return
    this.#isSweeping = true
    try {
      const slot = await this.#slots.claimAbandoned()
      if (slot !== null) void this.#errands.run(this.#empty(slot))
    } catch (error) {
      this.#parts.log.debug({ reason: messageOf(error) }, 'abandoned slots could not be looked for')
    } finally {
      this.#isSweeping = false
    }
  }

  async #empty(slot: Slot): Promise<void> {
    const { number } = slot
    let isEmpty = false
    try {
      this.#parts.log.info({ slot: number }, 'taking over what an abandoned slot left')
      const known = await this.#clients.read(number)
      const sessions = known.length > 0 ? known : this.#plan(number)
      isEmpty = await this.#retire(slot, sessions)
      if (isEmpty) await this.#clients.write(number, [])
    } finally {
      await slot.release({ vacate: !isEmpty })
    }
  }

  /** Handles what waits in the sessions and ends them; `false` when that was cut short. */
  async #retire(slot: Slot, sessions: readonly SlotClient[]): Promise<boolean> {
    const isStopped = () => this.#isOver(slot)
    const ours = this.#plan(slot.number)
    const outcomes = sessions.map(async (client) => {
      const options = this.#options(inherit(client, ours), slot, sessions)
      const session = new Subscriber(options)
      this.#retiring.add(client.clientId)
      const done = await retireSession(session, options, { times: this.#parts.times, isStopped })
      if (!done) await (slot.isLost ? session.abandon() : session.stop(this.#stopMs))
      this.#retiring.delete(client.clientId)
      return done
    })
    return (await Promise.all(outcomes)).every(Boolean)
  }

  #options(member: Member, slot: Slot, known: readonly SlotClient[]): SubscriberOptions {
    const before = known.find(isSame(member))
    const wanted = new Set(member.subscriptions.map(({ filter }) => filter))
    return {
      ...this.#parts,
      ...member,
      unsubscribe: before?.filters.filter((filter) => !wanted.has(filter)) ?? [],
      sessionExpected: before !== undefined,
      mayConnect: confirmedBy(slot, member.clientId, this.#parts.log),
      backoff: this.#parts.times.backoff,
      neighbours: this.#neighbours,
    }
  }

  #isOver(slot: Slot): boolean {
    return this.#isStopped || slot.isLost
  }
}
