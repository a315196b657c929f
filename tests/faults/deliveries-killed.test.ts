import { expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import type { Parts } from '../support/service.ts'
import type { HttpVendor } from '../support/vendors/http-vendor.ts'
import { RECEIVER_SECRET, startReceiver } from '../support/vendors/webhook-receiver.ts'
import { waitFor } from '../support/wait-for.ts'
import { Chance } from './support/chance.ts'
import { isFull, note, SIZE } from './support/figures.ts'
import { Stage } from './support/stage.ts'
import { StoreView } from './support/store-view.ts'

const DELIVERIES = isFull ? 10_000 : 1_500
/** What a worker has in hand: so many are being posted, and as many again settled. */
const IN_HAND = 2 * 64
const SETTLE_MS = 120_000
/** Contract §9: what becomes of a delivery in the end. */
const FINAL = ['sent', 'delivered', 'read', 'failed', 'skipped', 'canceled', 'uncertain']

describeParts('embedded', true)
describeParts('external', requireServer('mosquitto') && requireServer('redis-server'))

function describeParts(parts: Parts, isPossible: boolean) {
  it.runIf(isPossible)(
    `[G-01] workers on ${parts} parts that are killed among their deliveries: each ends, few go out twice`,
    async () => {
      const chance = new Chance(`deliveries ${parts}`)
      const receiver = await startReceiver()
      const stage = await Stage.open({
        parts,
        env: { OUTBOUND_ALLOW: '127.0.0.1', WEBHOOK_SECRET: RECEIVER_SECRET },
      })
      try {
        await queueDeliveries(stage, receiver.url)
        const startedAt = performance.now()
        await stage.http('POST', '/api/queues/webhook/resume')
        for (let left = SIZE.kills; left > 0; left--) {
          await killAmong(stage, receiver, left, chance)
        }
        await waitFor(() => idsOf(receiver).size >= DELIVERIES, {
          deadlineMs: SETTLE_MS,
          message: 'not every delivery arrived',
        })
        await stage.quiet(SETTLE_MS)
        const twice = receiver.posts.length - DELIVERIES
        note(`killed among deliveries, ${parts}`, {
          deliveries: DELIVERIES,
          kills: SIZE.kills,
          'posted twice': twice,
          'at most': SIZE.kills * IN_HAND,
          'settled in ms': Math.round(performance.now() - startedAt),
        })
        await stage.service.stop()
        const jobs = (await StoreView.read(stage.service)).records(/^webhook_job:/)
        expect(jobs).toHaveLength(DELIVERIES)
        expect(jobs.filter(({ status }) => !FINAL.includes(status))).toEqual([])
        expect(twice).toBeLessThanOrEqual(SIZE.kills * IN_HAND)
        expect(stage.crashes()).toEqual([])
      } finally {
        await stage.close()
        await receiver.stop()
      }
    },
  )
}

/** One message to everybody, each with a hook; nothing is taken from the queue yet. */
async function queueDeliveries(stage: Stage, url: string): Promise<void> {
  await stage.http('POST', '/api/queues/webhook/pause')
  for (let at = 0; at < DELIVERIES; at += 500) {
    const users = Array.from({ length: Math.min(500, DELIVERIES - at) }, (_, n) => {
      const id = `user-${at + n}`
      return { id, webhook_url: `${url}/${id}` }
    })
    await stage.http('PUT', '/api/users', { users })
  }
  const message = { title: 'Disk full', message: 'It is 98 % full.', channels: ['webhook'] }
  await stage.http('POST', '/api/notifications', { to: 'all', ...message })
  await waitFor(
    async () => {
      const { data } = await stage.http('GET', '/api/queues')
      const queue = data.find(({ name }: { name: string }) => name === 'webhook')
      return queue.ready.normal === DELIVERIES
    },
    { deadlineMs: SETTLE_MS, message: 'not every delivery was queued' },
  )
}

/** Kills the service when some of what is left has arrived, and starts it again. */
async function killAmong(
  stage: Stage,
  receiver: HttpVendor,
  left: number,
  chance: Chance,
): Promise<void> {
  const rest = DELIVERIES - idsOf(receiver).size
  const target = receiver.posts.length + chance.between(1, Math.max(1, Math.floor(rest / left)))
  await waitFor(() => receiver.posts.length >= target, {
    deadlineMs: SETTLE_MS,
    message: 'no deliveries to kill among',
  })
  await stage.service.kill()
  await stage.service.restart()
}

function idsOf({ posts }: HttpVendor): Set<string> {
  return new Set(posts.map(({ headers }) => headers['webhook-id'] ?? ''))
}
