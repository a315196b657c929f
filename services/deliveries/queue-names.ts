import {
  BROADCAST_QUEUES,
  type Bus,
  InvalidPayload,
  type Keys,
  type Store,
} from '../../src/index.ts'
import { CHANNELS } from './channel-policy.ts'

/** The queues of our own work; besides them each channel that needs a provider has one. */
const WORK = [
  'notification',
  'followup',
  'recurrence',
  'action',
  'broadcast',
  'alert',
  'rule',
  'event',
  'listener',
  'notifiable',
] as const
const BUILT_IN: readonly string[] = [
  ...CHANNELS.filter((channel) => channel !== 'realtime'),
  ...WORK,
  ...BROADCAST_QUEUES,
  'channel-webhook',
]
const NAME = /^[a-z][a-z0-9_-]{0,40}$/
const MOST = 100
const PARTITION = 0
/** The bus channel that says: there is a new queue. */
export const QUEUES_CHANNEL = 'queues'

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly bus: Pick<Bus, 'publish'>
}

/**
 * Every queue by name: ours, and those that notifications and listeners of the
 * application are put into. The latter are remembered in the store, so that
 * every process with the role `worker` works on them.
 */
export class QueueNames {
  readonly #parts: Parts
  readonly #here = new Set<string>()
  #own: ReadonlySet<string> = new Set()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get all(): readonly string[] {
    return [...BUILT_IN, ...this.#own]
  }

  /** Those of the application, wherever they were first used. */
  get own(): readonly string[] {
    return [...this.#own].filter((name) => !this.#here.has(name))
  }

  /** A queue that only processes like this one can work on: that of a channel of one's own. */
  addHere(name: string): void {
    assertName(name)
    this.#here.add(name)
    this.#own = new Set([...this.#own, name])
  }

  /** Makes sure that a queue is worked on. Throws `InvalidPayload` for a name that none can have. */
  async note(name: string): Promise<void> {
    if (BUILT_IN.includes(name) || this.#own.has(name)) return
    const { store, keys, bus } = this.#parts
    assertName(name)
    await this.refresh()
    if (this.#own.has(name)) return
    if (this.#own.size >= MOST) throw new InvalidPayload(`There are ${MOST} queues already.`)
    await store.commit({ partition: PARTITION, ops: [['sadd', keys.queueNames(), name]] })
    this.#own = new Set([...this.#own, name])
    await bus.publish(QUEUES_CHANNEL, name)
  }

  /** What other processes have added since. */
  async refresh(): Promise<void> {
    const { store, keys } = this.#parts
    const known = await store.members(PARTITION, keys.queueNames())
    this.#own = new Set([...this.#own, ...known])
  }
}

/** Whether a queue can be called so. */
export function isQueueName(name: string): boolean {
  return NAME.test(name)
}

/** Every name as the store has it now, ours first. */
export async function queueNamesIn({ store, keys }: Pick<Parts, 'store' | 'keys'>) {
  return [...BUILT_IN, ...(await store.members(PARTITION, keys.queueNames()))]
}

function assertName(name: string): void {
  if (isQueueName(name)) return
  throw new InvalidPayload(`${JSON.stringify(name)} is no name of a queue: say slow-mails.`)
}
