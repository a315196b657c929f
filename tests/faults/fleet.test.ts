import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import { waitFor } from '../support/wait-for.ts'
import { BrokerStatus, EVERY_SECOND } from './support/broker-status.ts'
import { Chance } from './support/chance.ts'
import { isFull, note } from './support/figures.ts'
import { compare, inboxCounts, mailCounts, nothingHeld } from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { type Outgoing, Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'
import { type Json, StoreView } from './support/store-view.ts'

const MESSAGES = isFull ? 10_000 : 1_500
/** After that nothing of a process that is gone may wait any more. */
const TAKEN_OVER_MS = 30_000
/** Packets of QoS 1 that a process may have stored and not acknowledged when it dies. */
const UNACKNOWLEDGED = 100

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

it.runIf(hasServers)(
  'three processes become two for good: the share of the dead one is handled within 30 s',
  async () => {
    const chance = new Chance('fleet')
    const plan = planMessages(MESSAGES, { keys: false })
    const stage = await Stage.open({ parts: 'external', mosquitto: EVERY_SECOND })
    const broker = await BrokerStatus.listen(stage.mosquitto.url)
    try {
      await Promise.all([stage.addService(), stage.addService()])
      await stage.introduce(plan.users)
      const sender = await Sender.connect(stage.mosquitto.url, { version: '5' })
      const half = Math.floor(MESSAGES / 2)
      const target = chance.between(half / 4, half * 0.75)

      const sent = sender.send(plan.messages.slice(0, half))
      await waitFor(() => sender.acknowledged >= target, { message: 'no load to kill under' })
      await stage.services[2]!.kill()
      const diedAt = performance.now()
      await sent
      // The broker goes on giving the dead one its share.
      await sender.send(plan.messages.slice(half))
      const parkedMs = performance.now() - diedAt
      await waitFor(() => distinctMails(stage) >= MESSAGES, {
        deadlineMs: TAKEN_OVER_MS + 5_000,
        message: 'the share of the dead process was not handled',
      })
      const handledMs = performance.now() - diedAt
      await waitFor(() => broker.of('clients/disconnected') === 0, {
        deadlineMs: TAKEN_OVER_MS,
        message: 'sessions of the dead process are left at the broker',
      })
      expect(broker.of('publish/messages/dropped')).toBe(0)

      await stage.quiet(90_000)
      const inboxes = compare(plan.notifications, await inboxCounts(stage, plan.users))
      await sender.close()
      await Promise.all(stage.services.map((service) => service.stop()))
      const store = await StoreView.read(stage.service)
      const twice = repeated(plan.messages, jobCounts(store))
      note('three become two', {
        messages: MESSAGES,
        'sent until ms after the kill': Math.round(parkedMs),
        'all handled ms after the kill': Math.round(handledMs),
        'twice at QoS 1': twice[1],
        'twice at QoS 2': twice[2],
        'mails twice': stage.smtp.mails.length - distinctMails(stage),
      })
      expect(inboxes.lost).toEqual([])
      expect(inboxes.strange).toEqual([])
      // Nothing is lost; what the dead process had in hand may be done again.
      expect(twice[2]).toBeLessThanOrEqual(UNACKNOWLEDGED)
      expect(twice[1]).toBeLessThanOrEqual(UNACKNOWLEDGED)
      expect(handledMs).toBeLessThan(TAKEN_OVER_MS + parkedMs)
      expect(nothingHeld(store)).toEqual([])
      expect(stage.crashes()).toEqual([])
    } finally {
      await broker.close()
      await stage.close()
    }
  },
)

function distinctMails(stage: Stage): number {
  return mailCounts(stage.smtp.mails).size
}

/** How many mail jobs each message led to. */
function jobCounts(store: StoreView): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { subject } of store.records(/^email_job:/) as Json[]) {
    const n = Number(subject.replace('mail ', ''))
    counts.set(n, (counts.get(n) ?? 0) + 1)
  }
  return counts
}

/** Effects beyond the first, by the QoS of their message. */
function repeated(messages: readonly Outgoing[], counts: ReadonlyMap<number, number>) {
  const twice = { 1: 0, 2: 0 }
  for (const [n, count] of counts) twice[messages[n]!.qos] += count - 1
  return twice
}
