import { ApiKeys } from '../../services/access/api-keys.ts'
import type { Scope } from '../context.ts'
import { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import { systemClock } from '../support/clock.ts'
import { InvalidPayload } from '../support/errors.ts'

/** A key as the command line asks for it: for a program by name, or for a small device. */
export interface WantedKey {
  readonly name?: string
  readonly device?: string
  readonly scopes?: readonly Scope[]
  readonly topics?: readonly string[]
  readonly tenant?: string
}

/** Makes a key straight in the store: the first one is needed before anything runs. */
export async function createKey(store: Store, wanted: WantedKey): Promise<Record<string, unknown>> {
  const { name, device, scopes = ['publish', 'read'], topics, tenant = '' } = wanted
  const keys = new ApiKeys({ store, keys: new Keys(), clock: systemClock })
  if (device !== undefined) {
    if (!topics) throw new InvalidPayload('Say which topic patterns the device may publish.')
    return { ...(await keys.createDevice(device, topics, tenant)) }
  }
  if (name === undefined) throw new InvalidPayload('A key needs a name.')
  return { ...(await keys.create({ name, scopes, tenant, ...(topics ? { topics } : {}) })) }
}
