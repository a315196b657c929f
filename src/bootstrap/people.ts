import { Directory } from '../../services/directory/directory.ts'
import { Memberships } from '../../services/directory/memberships.ts'
import type { OwnDirectory } from '../../services/directory/own-directory.ts'
import { PreferenceDefaults } from '../../services/directory/preference-defaults.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'

interface Ingredients {
  readonly store: Store
  readonly bus: Bus
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  readonly own?: OwnDirectory | undefined
}

/** Who can be told, and what people want. */
export function createPeople({ own, ...base }: Ingredients) {
  const memberships = new Memberships(base)
  const preferenceDefaults = new PreferenceDefaults(base)
  const directory = new Directory({ ...base, memberships, own, defaults: preferenceDefaults })
  return { memberships, preferenceDefaults, directory }
}
