import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import type { Parts } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { Chance } from './support/chance.ts'
import { note, SIZE } from './support/figures.ts'
import { allMailsArrive, duplicateMails, settleExactly } from './support/ledger.ts'
import { planMessages } from './support/messages.ts'
import { type Outgoing, Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'

/** Mails that one process may have in hand when it dies: being sent, and being settled. */
const IN_FLIGHT = 2 * 64
/** On Redis a dead process's slot at the broker is taken over after its lease and a grace: about 22 s. */
const SETTLE_MS = 90_000

const hasServers = requireServer('mosquitto') && requireServer('redis-server')

describeParts('embedded', true)
describeParts('external', hasServers)
describeParts('cluster', hasServers)

function describeParts(parts: Parts, isPossible: boolean) {
  it.runIf(isPossible)(
    `crash on ${parts} parts: every message is one notification with all its deliveries`,
    async () => {
      const chance = new Chance(`crash ${parts}`)
      const plan = planMessages(SIZE.messages)
      const stage = await Stage.open({ parts })
      try {
        await stage.introduce(plan.users)
        const startedAt = performance.now()
        const senders = await openSenders(stage)
        for (const part of segments(plan.messages, SIZE.kills)) {
          await sendWhileKilled(stage, senders, part, chance)
        }
        const sentMs = performance.now() - startedAt
        await allMailsArrive(stage, SIZE.messages, SETTLE_MS)
        await stage.quiet(SETTLE_MS)
        const duplicates = duplicateMails(stage.smtp.mails)
        note(`crash ${parts}`, {
          messages: SIZE.messages,
          kills: SIZE.kills,
          'mails twice': duplicates,
          'at most': SIZE.kills * IN_FLIGHT,
          'reconnects of devices': senders.reduce((sum, { reconnects }) => sum + reconnects, 0),
          'sent in ms': Math.round(sentMs),
          'settled in ms': Math.round(performance.now() - startedAt),
        })
        await Promise.all(senders.map((sender) => sender.close()))
        await settleExactly(stage, plan)
        expect(duplicates).toBeLessThanOrEqual(SIZE.kills * IN_FLIGHT)
        expect(stage.crashes()).toEqual([])
      } finally {
        await stage.close()
      }
    },
  )
}

/** One for each version of MQTT that is spoken. */
function openSenders({ service }: Stage): Promise<Sender[]> {
  const versions = service.surroundings.parts === 'embedded' ? ['311'] : ['311', '5']
  return Promise.all(
    versions.map((version) => Sender.connect(service.mqttUrl, { version: version as '311' | '5' })),
  )
}

/** As many pieces as there are kills, so that each hits a service under load. */
function segments(messages: readonly Outgoing[], kills: number): Outgoing[][] {
  const size = Math.ceil(messages.length / kills)
  return Array.from({ length: kills }, (_, n) => messages.slice(n * size, (n + 1) * size))
}

/** Sends a piece; somewhere in it, by messages acknowledged or by mails sent, the service dies. */
async function sendWhileKilled(
  stage: Stage,
  senders: readonly Sender[],
  part: readonly Outgoing[],
  chance: Chance,
): Promise<void> {
  const acknowledged = () => senders.reduce((sum, sender) => sum + sender.acknowledged, 0)
  const mails = () => stage.smtp.mails.length
  const measure = chance.next() < 0.5 ? acknowledged : mails
  const target = measure() + chance.between(1, Math.floor(part.length * 0.9))
  const sent = Promise.all(
    senders.map((sender, at) => sender.send(part.filter((_, n) => n % senders.length === at))),
  )
  await waitFor(() => measure() >= target, {
    deadlineMs: SETTLE_MS,
    message: 'no load to kill under',
  })
  await stage.service.kill()
  await stage.service.restart()
  await sent
}
