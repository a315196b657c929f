import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

let service: TestService

/** A clock time some minutes from now, in UTC. */
const clockIn = (minutes: number) =>
  new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16)

async function inbox(user: string): Promise<Record<string, unknown>[]> {
  const answer = await service.api('GET', '/api/notifications', undefined, {
    'x-belfry-user': user,
  })
  return answer.body.data
}

const send = (user: string, fields: object) =>
  service.api('POST', '/api/notifications', { to: `user:${user}`, message: 'Hello', ...fields })

beforeAll(async () => {
  service = await startService()
})
afterAll(() => service?.stop())

describe('what a user wants', () => {
  it('in quiet hours an e-mail waits as a scheduled delivery, which can be taken back', async () => {
    await service.api('PUT', '/api/users/ada', { email: 'ada@example.com', timezone: 'UTC' })
    const hours = { start: clockIn(-60), end: clockIn(60) }
    const saved = await service.api('PUT', '/api/users/ada/quiet-hours', hours)
    expect(saved).toMatchObject({ status: 200, body: { ...hours, effective_timezone: 'UTC' } })
    expect((await service.api('GET', '/api/users/ada/quiet-hours')).body).toEqual(saved.body)
    const endsAt = Date.parse(saved.body.quiet_until)
    expect(endsAt).toBeGreaterThan(Date.now())

    const sent = await send('ada', { priority: 'high' })
    const { notification_id: id, channels } = sent.body.notifications[0]
    expect(channels).toEqual(['realtime', 'email'])
    const [record] = await inbox('ada')
    const heldUntil = Date.parse((record as { held: { email: string } }).held.email)
    expect(heldUntil - endsAt).toBeGreaterThanOrEqual(0)
    expect(heldUntil - endsAt).toBeLessThan(60_000)
    const delivery = await service.api('GET', `/api/deliveries/${id}.email`)
    expect(delivery.body).toMatchObject({ status: 'queued', send_at: heldUntil / 1000 })
    const canceled = await service.api('POST', `/api/deliveries/${id}.email/cancel`)
    expect(canceled.body).toEqual({ status: 'canceled' })
  })

  it('in quiet hours that drop, the trace says why there was no e-mail', async () => {
    await service.api('PUT', '/api/users/bob', { email: 'bob@example.com', timezone: 'UTC' })
    const hours = { start: clockIn(-60), end: clockIn(60), mode: 'drop' }
    await service.api('PUT', '/api/users/bob/quiet-hours', hours)
    const sent = await send('bob', { priority: 'high' })
    const [{ notification_id: id, channels }] = sent.body.notifications
    expect(channels).toEqual(['realtime'])
    const trace = await service.api('GET', `/api/notifications/${id}/trace`, undefined, {
      'x-belfry-user': 'bob',
    })
    expect(JSON.stringify(trace.body)).toContain('quiet_hours')
    const critical = await send('bob', { priority: 'critical' })
    expect(critical.body.notifications[0].channels).toEqual(['realtime', 'email'])
  })

  it('by type beats the rest, and nothing at all is filtered', async () => {
    await service.api('PUT', '/api/users/dan', { email: 'dan@example.com' })
    await service.api('PUT', '/api/users/dan/preferences', {
      types: { 'order.shipped': 'Email', gossip: 'None' },
      email: false,
    })
    const mail = await send('dan', { priority: 'high', type: 'order.shipped' })
    expect(mail.body.notifications[0].channels).toEqual(['email'])
    await waitFor(async () => {
      const { body } = await service.api('GET', '/api/outbox?channel=email')
      return body.data.some(({ to }: { to: string }) => to === 'dan@example.com')
    })
    expect(await inbox('dan')).toEqual([])
    const gossip = await send('dan', { type: 'gossip' })
    expect(gossip.body.rejected).toMatchObject([
      { error: { code: 'filtered', reason: 'preference' } },
    ])
  })
})
