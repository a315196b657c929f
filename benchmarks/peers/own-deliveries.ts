/**
 * Deliveries through our queue on the embedded store, our worker and providers.
 * `node own-deliveries.ts <vendor url> <smtp url>`
 *
 * @module
 */

import { createTransport } from 'nodemailer'
import type { Provider, SendOutcome } from '../../services/channels/channel.ts'
import { SmtpProvider } from '../../services/channels/email-smtp.ts'
import { GuardedSender } from '../../services/channels/http/guarded-sender.ts'
import { HttpProvider } from '../../services/channels/http/http-provider.ts'
import { webhookTarget } from '../../services/channels/webhook.ts'
import { enqueueOp, makeJob } from '../../services/deliveries/delivery-job.ts'
import { DeliveryService } from '../../services/deliveries/delivery-service.ts'
import { HookState } from '../../services/deliveries/hook-state.ts'
import { Worker } from '../../src/queue/worker.ts'
import { Keys } from '../../src/store/keys.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { uuidv7 } from '../../src/support/ids.ts'
import { createLogger } from '../../src/support/logger.ts'
import { answerParent } from '../support/child.ts'
import { AT_ONCE, type DeliveriesCommand } from '../support/deliveries-command.ts'
import { inFlight, whenSo } from '../support/queue-command.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const [vendorUrl = '', smtpUrl = ''] = process.argv.slice(2)
const FROM = 'alerts@example.org'
const SECRET = `whsec_${Buffer.alloc(32, 'b').toString('base64')}`
const log = createLogger('warn')
const keys = new Keys()
const bus = new MemoryBus()
const store = openSqliteStore({ path: `${temporaryFolder()}/store.db`, clock, log })
const sender = new GuardedSender({ clock, allow: ['127.0.0.1'] })
const hooks = new HookState({ store, keys, clock })
const https = webhookTarget(async () => [SECRET])
const targets = { http: https, https }
const providers = new Map<string, Provider>([
  ['webhook', new HttpProvider({ name: 'webhook', targets, sender, hooks, clock }) as Provider],
  ['email', new SmtpProvider({ url: smtpUrl, from: FROM, clock }) as Provider],
])

const words = { title: 'Disk full', message: 'It is 98 % full.', type: 'info', data: {} }
const CONTENT = {
  webhook: { ...words, url: vendorUrl, notification: { id: uuidv7(), ...words } },
  email: {
    to: ['reader@example.com'],
    subject: 'Disk full',
    body: 'The disk of the pump house is 98 % full.',
  },
}

async function deliver(channel: keyof typeof CONTENT, count: number): Promise<number> {
  const now = clock.now()
  await inFlight(1000, count, () => {
    const job = makeJob({
      ...{ id: uuidv7(), channel, priority: 'normal', now },
      content: CONTENT[channel],
    })
    return store.commit({ partition: 0, ops: [enqueueOp(keys, job, now)] })
  })
  let sent = 0
  const onOutcome = (_job: unknown, _provider: string, { status }: SendOutcome) => {
    if (status !== 'sent') throw new Error(`a delivery ended as ${status}`)
    sent += 1
  }
  const service = new DeliveryService({ keys, clock, log, providers, onOutcome })
  const worker = new Worker({
    ...{ store, bus, clock, log, queue: keys.queue(channel), concurrency: AT_ONCE },
    handler: service.handle,
  })
  const startedAt = performance.now()
  await worker.start()
  await whenSo(() => sent - worker.inFlight >= count)
  const ms = performance.now() - startedAt
  await worker.stop(5_000)
  return ms
}

async function handOver(count: number): Promise<number> {
  const pool = createTransport({ url: smtpUrl, pool: true, maxConnections: 5, maxMessages: 100 })
  const { to, subject, body: text } = CONTENT.email
  const html = `<p>${text}</p>`
  const startedAt = performance.now()
  await inFlight(AT_ONCE, count, () => pool.sendMail({ from: FROM, to, subject, text, html }))
  const ms = performance.now() - startedAt
  pool.close()
  return ms
}

answerParent<DeliveriesCommand>({}, async (command) => {
  switch (command.do) {
    case 'webhooks':
      return { ms: await deliver('webhook', command.count) }
    case 'mails':
      return { ms: await deliver('email', command.count) }
    case 'bare_mails':
      return { ms: await handOver(command.count) }
  }
})
