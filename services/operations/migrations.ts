import { type Guard, Keys, type Migration, type Store } from '../../src/index.ts'
import { AlertStore } from '../alerts/alert-store.ts'

const END = Number.MAX_SAFE_INTEGER
/** More alerts than anybody has open. */
const MOST = 1_000_000

/** Every step from the first release to this one, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  {
    to: 2,
    about: 'open alerts are found by their source, so that a storm can be told from a few',
    run: indexOpenAlerts,
  },
]

async function indexOpenAlerts(store: Store): Promise<void> {
  const keys = new Keys()
  const alerts = new AlertStore({ store, keys })
  for (let partition = 0; partition < store.partitions; partition++) {
    const open = await store.rangeByScore(partition, keys.openAlerts(), 0, END, MOST)
    for (const { member: id } of open) {
      const { alert, text } = await alerts.read(id)
      const guards: Guard[] = [['expect', keys.alert(id), text]]
      await store.commit({ partition, guards, ops: alerts.indexOps(alert) })
    }
  }
}
