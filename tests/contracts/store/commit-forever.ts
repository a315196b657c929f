import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { systemClock } from '../../../src/support/clock.ts'
import { createLogger } from '../../../src/support/logger.ts'

/** Run as a process of its own: commits until it is killed, and says what resolved. */
const [, , path = '', run = ''] = process.argv
const store = openSqliteStore({ path, clock: systemClock, log: createLogger('silent') })

async function commitForever(lane: number): Promise<never> {
  for (let n = 0; ; n++) {
    const id = `${run}-${lane}-${n}`
    await store.commit({
      partition: 0,
      guards: [['once', `mark:${id}`, id, 0]],
      ops: [
        ['inbox', '', `user-${lane}`, id, `{"id":"${id}"}`, 0, 20],
        ['enqueue', 'email_queue', id, '{"priority":"high"}', 'high', 0, 0],
        ['incr', 'count', 1, 0],
      ],
    })
    process.stdout.write(`${id}\n`)
  }
}

await Promise.all(Array.from({ length: 20 }, (_, lane) => commitForever(lane)))
