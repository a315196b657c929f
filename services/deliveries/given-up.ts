import {
  type Clock,
  isoTime,
  type Keys,
  type Lease,
  queueKeys,
  type Store,
} from '../../src/index.ts'
import type { DeliveryHooks } from './delivery-hooks.ts'
import { type DeliveryJob, enqueueOp, FINAL_TTL_MS } from './delivery-job.ts'
import { deliveryLogOps } from './delivery-log.ts'

/** By then what killed its processes may have passed. */
const AGAIN_MS = 5 * 60_000

interface Parts {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
  readonly hooks?: DeliveryHooks
}

/** Sees to jobs that were given up because worker after worker died with them. */
export class GivenUp {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Writes into the record of such a job that it has failed, and why, unless it is gone or back. */
  note = async ({ queue, partition, jobId }: Pick<Lease, 'queue' | 'partition' | 'jobId'>) => {
    const { store, keys, clock } = this.#parts
    const key = queueKeys.job(queue, jobId)
    const text = await store.get(partition, key)
    if (text === null) return
    const now = clock.now()
    const before = JSON.parse(text) as DeliveryJob
    if (mustHappen(before)) {
      const again = { ...before, send_at: (now + AGAIN_MS) / 1000 }
      await store.commit({
        partition,
        guards: [['expect', key, text]],
        ops: [enqueueOp(keys, again, now), ['pull', queueKeys.failed(queue), jobId]],
      })
      return
    }
    const reason = 'every process that worked on it died'
    const entry = { at: isoTime(now), provider: 'none', outcome: 'failed', reason }
    const history = [...(before.history ?? []).slice(-19), entry]
    const job: DeliveryJob = { ...before, status: 'failed', history }
    const outcome = await store.commit({
      partition,
      guards: [['expect', key, text]],
      ops: [['set', key, JSON.stringify(job), 7 * FINAL_TTL_MS], ...deliveryLogOps(keys, job, now)],
    })
    if (outcome.applied) await this.#parts.hooks?.after(job, { status: 'failed', reason }, true)
  }
}

/** What raises alerts, and tells of them and goes on until somebody answers, is never given up. */
function mustHappen({ channel, kind }: DeliveryJob<{ kind?: string }>): boolean {
  return channel === 'alert' || (channel === 'rule' && kind === 'sync')
}
