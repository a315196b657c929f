import type { Context } from '../context.ts'
import type { Bus } from '../store/bus.ts'
import { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import { Forbidden, NotFound } from '../support/errors.ts'
import type { Logger } from '../support/logger.ts'
import type { Tenant } from './tenant.ts'

const PARTITION = 0
/** Most tenants of one installation: each has queues that are looked at. */
const MOST = 1000
const CHANNEL = 'tenants'
const LOOK_EVERY_MS = 5_000
/** How rarely a tenant's queues are looked at, and how much rarer with each tenant more. */
const POLL_MS = 1_000
const POLL_MORE_MS = 25

interface Parts {
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly log: Logger
  readonly make: (name: string) => Tenant
}

/**
 * The tenants that this process serves, each made when it is first needed. A new
 * one is written down before its first request is served, so that every process
 * works on what it leaves.
 */
export class Tenants {
  readonly #parts: Parts
  readonly #key = new Keys().tenants()
  readonly #served = new Map<string, Tenant>()
  readonly #opening = new Map<string, Promise<Tenant>>()
  #known: ReadonlySet<string> = new Set()
  #unsubscribe: () => Promise<void> = async () => {}
  #cancel = () => {}
  #isStopping = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Serves whoever was served before, here or elsewhere, and will be. */
  async start(): Promise<void> {
    const { bus, clock } = this.#parts
    this.#unsubscribe = await bus.subscribe(CHANNEL, () => void this.#look())
    this.#cancel = clock.every(LOOK_EVERY_MS, () => void this.#look())
    await this.#look()
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#isStopping = true
    this.#cancel()
    await this.#unsubscribe()
    await Promise.allSettled(this.#opening.values())
    await Promise.allSettled([...this.#served.values()].map((tenant) => tenant.stop(deadlineMs)))
  }

  /** The tenant of a credential. Throws `Forbidden` when there are too many. */
  async of(name: string): Promise<Tenant> {
    const served = this.#served.get(name)
    if (served !== undefined) return served
    await this.#note(name)
    return this.#open(name)
  }

  /** One that `of` has answered with before. */
  at(name: string): Tenant {
    const served = this.#served.get(name)
    if (served === undefined) throw new NotFound(`The tenant ${name} is not served here.`)
    return served
  }

  /** One that some credential named before; a word in an address makes none. */
  async known(name: string): Promise<Tenant> {
    if (!this.#known.has(name)) await this.#refresh()
    if (!this.#known.has(name)) throw new NotFound('There is nothing at this address.')
    return this.#open(name)
  }

  /** What the routes of the default tenant hand on. */
  readonly serve = async (name: string, context: Context): Promise<unknown> => {
    return (this.#served.get(name) ?? (await this.of(name))).serve(context)
  }

  async #note(name: string): Promise<void> {
    if (this.#known.has(name)) return
    await this.#refresh()
    if (this.#known.has(name)) return
    if (this.#known.size >= MOST) throw new Forbidden(`There are ${MOST} tenants already.`)
    const { store, bus, log } = this.#parts
    await store.commit({ partition: PARTITION, ops: [['sadd', this.#key, name]] })
    this.#known = new Set([...this.#known, name])
    await bus.publish(CHANNEL, name).catch((error: unknown) => {
      log.debug({ err: error }, 'other processes learn later of a tenant')
    })
  }

  async #refresh(): Promise<void> {
    this.#known = new Set(await this.#parts.store.members(PARTITION, this.#key))
  }

  async #look(): Promise<void> {
    try {
      await this.#refresh()
      for (const name of this.#known) await this.#take(name)
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'tenants wait for the store')
    }
  }

  /** One that cannot be served now keeps nobody else waiting. */
  async #take(name: string): Promise<void> {
    try {
      await this.#open(name)
    } catch (error) {
      this.#parts.log.warn({ err: error, tenant: name }, 'a tenant is taken up later')
    }
  }

  #open(name: string): Promise<Tenant> {
    const opening = this.#opening.get(name) ?? this.#begin(name)
    this.#opening.set(name, opening)
    opening.catch(() => this.#opening.delete(name))
    return opening
  }

  async #begin(name: string): Promise<Tenant> {
    if (this.#isStopping) throw new NotFound('The service is stopping.')
    const tenant = this.#parts.make(name)
    await tenant.start(POLL_MS + POLL_MORE_MS * this.#served.size)
    this.#served.set(name, tenant)
    return tenant
  }
}
