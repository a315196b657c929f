import { partitionOf } from '../../support/ids.ts'
import type { SlotClaim } from '../store.ts'
import type { Layout } from './layout.ts'
import { defineScript, type RedisConnection, type Script } from './redis-connection.ts'
import {
  claimAbandonedSlotScript,
  claimSlotScript,
  keepSlotScript,
  releaseSlotScript,
} from './scripts/slots.lua.ts'
import type { StoreTime } from './store-time.ts'

const CLAIM = defineScript(claimSlotScript)
const KEEP = defineScript(keepSlotScript)
const CLAIM_ABANDONED = defineScript(claimAbandonedSlotScript)
const RELEASE = defineScript(releaseSlotScript)

/** The numbered places of the fleet, in the hash `slots:<name>`. */
export class FleetSlots {
  readonly #redis: RedisConnection
  readonly #layout: Layout
  readonly #time: StoreTime

  constructor(redis: RedisConnection, layout: Layout, time: StoreTime) {
    this.#redis = redis
    this.#layout = layout
    this.#time = time
  }

  async claim(name: string, holder: string, leaseMs: number): Promise<SlotClaim> {
    const [slot, before] = (await this.#run(CLAIM, name, holder, leaseMs)) as [number, number]
    return { slot, takenOver: before === 1 }
  }

  async keep(name: string, slot: number, holder: string, leaseMs: number): Promise<boolean> {
    return (await this.#run(KEEP, name, holder, leaseMs, slot)) === 1
  }

  async claimAbandoned(
    name: string,
    holder: string,
    leaseMs: number,
    graceMs: number,
  ): Promise<number | null> {
    return (await this.#run(CLAIM_ABANDONED, name, holder, leaseMs, graceMs)) as number | null
  }

  async release(name: string, slot: number, holder: string, vacate: boolean): Promise<void> {
    await this.#run(RELEASE, name, holder, 0, slot, vacate ? 1 : 0)
  }

  #run(
    script: Script,
    name: string,
    holder: string,
    leaseMs: number,
    ...rest: number[]
  ): Promise<unknown> {
    const partition = partitionOf(name, this.#layout.partitions)
    const args = [`slots:${name}`, this.#time.leaseNow(), holder, leaseMs, ...rest]
    return this.#redis.run(script, this.#layout.start(partition), args)
  }
}
