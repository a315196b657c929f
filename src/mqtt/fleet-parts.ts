import type { PacketMark } from '../context.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'
import type { BrokerAddress } from './broker-address.ts'
import type { Backoff } from './connection.ts'
import type { Intake } from './message.ts'
import type { RetirementTimes } from './retirement.ts'
import type { Router } from './router.ts'
import type { SlotTimes } from './slots.ts'

/** What a fleet works with. */
export interface FleetParts {
  readonly address: BrokerAddress
  /** As it stands before topics. */
  readonly prefix: string
  readonly group: string
  readonly clientId: string
  readonly router: Router
  readonly intake: Intake
  readonly store: Store
  readonly clock: Clock
  readonly log: Logger
  readonly onReleased: (mark: PacketMark) => void
  readonly onSessionLost: (clientId: string) => void
  readonly times: SlotTimes & RetirementTimes & { sweepEveryMs: number; backoff: Backoff }
}
