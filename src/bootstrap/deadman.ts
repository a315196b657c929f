import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { Deadman } from '../../services/operations/deadman.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { RunningBroker } from './start-broker.ts'
import type { RunningWorker } from './workers.ts'

/** Workers look for work several times a second; one that has not for so long is stuck. */
const STUCK_MS = 30_000

interface Parts {
  readonly url: string | null
  readonly store: Store
  readonly broker: RunningBroker | null
  readonly workers: readonly RunningWorker[]
  readonly clock: Clock
  readonly log: Logger
}

/** Requests `DEADMAN_URL` while store, broker and workers make progress; does nothing without one. */
export function startDeadman({ url, store, broker, workers, clock, log }: Parts) {
  if (url === null) return { stop: async () => {} }
  const sender = new GuardedSender({ clock })
  const deadman = new Deadman({
    clock,
    log,
    async request() {
      const request = { method: 'GET', url, body: '', isTrusted: true } as const
      const result = await sender.post(request, AbortSignal.timeout(20_000))
      if (result.kind !== 'answered') throw new Error(result.reason)
      if (result.status >= 400) throw new Error(`it answered ${result.status}`)
    },
    async fault() {
      await store.ping()
      if (broker !== null && !broker.isConnected()) return 'the broker is away'
      const stuck = workers.some(({ lookedAt = clock.now() }) => clock.now() - lookedAt > STUCK_MS)
      return stuck ? 'workers find no work to take' : null
    },
  })
  deadman.start()
  return {
    async stop() {
      deadman.stop()
      await sender.close()
    },
  }
}
