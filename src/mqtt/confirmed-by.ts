import type { Logger } from '../support/logger.ts'
import type { Slot } from './slots.ts'

/** Whether a session of a slot may connect: while the slot is ours; says so when somebody else uses its name. */
export function confirmedBy(slot: Slot, clientId: string, log: Logger) {
  return async (after: { readonly takenOver: boolean }): Promise<boolean> => {
    const isOurs = await slot.confirm({ ask: after.takenOver })
    if (isOurs && after.takenOver) {
      log.error(
        { clientId },
        'somebody who does not share our store uses our client id; set MQTT_CLIENT_ID',
      )
    }
    return isOurs
  }
}
