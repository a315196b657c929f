import type { Keys, Op } from '../../src/index.ts'

/** How many entries a session queue keeps (contract §5). */
const SESSION_QUEUE_LIMIT = 1000

/**
 * Appends what happened to every live session of a user; `data` is JSON text, or
 * `STORED_RECORD` for the record that the same write puts into the inbox.
 */
export function fanoutOp(keys: Keys, user: string, type: string, data: string, now: number): Op {
  const body = `"type":"${type}","data":${data},"timestamp":${now / 1000}`
  return ['fanout', keys.scope, user, body, SESSION_QUEUE_LIMIT]
}
