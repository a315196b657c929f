import { inPartition, type Keys, type Op, uuidv7 } from '../../src/index.ts'
import type { AlertWork } from '../alerts/alert-job.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'

interface Waking {
  readonly now: number
  /** Where the write lies that makes the waking necessary. */
  readonly partition: number
  readonly partitions: number
}

/** Has the work looked at again that waits for quiet to end; part of the write that ended it. */
export function wakeOp(keys: Keys, waking: Waking): Op {
  return lookAgainOp(keys, 'wake', waking)
}

/** `reindex`: after open alerts were put under the names of changed rules. */
export function lookAgainOp(
  keys: Keys,
  kind: 'wake' | 'reindex',
  { now, partition, partitions }: Waking,
): Op {
  const id = `${inPartition(uuidv7(now), partition, partitions)}.${kind}`
  const content: AlertWork = { alert_id: '', kind, revision: 0 }
  return enqueueOp(keys, makeJob({ id, channel: 'alert', priority: 'high', content, now }), now)
}
