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
export function wakeOp(keys: Keys, { now, partition, partitions }: Waking): Op {
  const id = `${inPartition(uuidv7(now), partition, partitions)}.wake`
  const content: AlertWork = { alert_id: '', kind: 'wake', revision: 0 }
  return enqueueOp(keys, makeJob({ id, channel: 'alert', priority: 'high', content, now }), now)
}
