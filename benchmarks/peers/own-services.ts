/**
 * Our services over one store, without brokers and sockets.
 * `node own-services.ts sqlite | <redis url>`
 *
 * @module
 */

import { ownWork } from '../../services/notifications/acceptance.ts'
import { EVERYBODY } from '../../services/notifications/broadcast-record.ts'
import { Worker } from '../../src/queue/worker.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { answerParent } from '../support/child.ts'
import { MESSAGE, openServices } from '../support/open-services.ts'
import { inFlight } from '../support/queue-command.ts'
import type { ServicesCommand } from '../support/services-command.ts'

/** As many as one MQTT connection has under way. */
const AT_ONCE = 500
const [where = 'sqlite'] = process.argv.slice(2)
const { store, bus, keys, log, services } = await openServices(where)
const userOf = (number: number) => `user-${number}`

const fill = (from: number, to: number) =>
  inFlight(AT_ONCE, to - from, (n) => {
    const id = userOf(from + n)
    const profile = JSON.stringify({ id, email: `${id}@example.com` })
    return store.commit({
      partition: 0,
      ops: [
        ['set', keys.profile(id), profile, 0],
        ['zadd', keys.users(), 0, id],
      ],
    })
  })

const send = (number: number) =>
  services.notifications.send({ userId: userOf(number), message: MESSAGE, identity: ownWork })

async function broadcast(): Promise<void> {
  const worker = new Worker({
    ...{ store, bus, clock, log, concurrency: 4, queue: keys.queue('broadcast') },
    handler: services.broadcasts.handle,
  })
  await worker.start()
  const { broadcast_id: id } = await services.broadcasts.announce({
    ...{ audience: EVERYBODY, message: MESSAGE, identity: ownWork, status: 'sent' },
  })
  while ((await services.broadcasts.find(id)).status !== 'done') {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await worker.stop(5_000)
}

async function run(command: ServicesCommand): Promise<unknown> {
  switch (command.do) {
    case 'fill':
      return fill(command.from, command.to)
    case 'singles':
      return inFlight(AT_ONCE, command.users, send)
    case 'some':
      return inFlight(AT_ONCE, command.count, () => send(Math.floor(Math.random() * command.users)))
    case 'broadcast':
      return broadcast()
  }
}

answerParent<ServicesCommand>({}, async (command) => {
  const startedAt = performance.now()
  const { user, system } = process.cpuUsage()
  await run(command)
  const cpu = process.cpuUsage()
  return { ms: performance.now() - startedAt, cpuUs: cpu.user + cpu.system - user - system }
})
