import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fresh, type Json } from '../stories/world.ts'
import { startAlertmanager } from '../support/alertmanager.ts'
import { requireServer } from '../support/servers.ts'
import { startService, type TestService } from '../support/service.ts'
import type { HttpVendor, Post } from '../support/vendors/http-vendor.ts'
import { RECEIVER_SECRET, startReceiver } from '../support/vendors/webhook-receiver.ts'
import { waitFor } from '../support/wait-for.ts'

const ADMIN = 'the-first-key-of-this-test-0123456789'
const admin = { authorization: `Bearer ${ADMIN}` }
const KEY = { name: 'monitoring', scopes: ['publish'] }

describe('hooks of other tools', () => {
  let service: TestService
  let receiver: HttpVendor
  let key: string
  beforeAll(async () => {
    receiver = await startReceiver()
    service = await startService({
      env: {
        ...{ BELFRY_ADMIN_KEY: ADMIN, WEBHOOK_SECRET: RECEIVER_SECRET },
        ALERT_WEBHOOKS: `${receiver.url}/alerts`,
      },
    })
    const { body } = await service.api('POST', '/api/keys', KEY, admin)
    key = body.secret
  })
  afterAll(async () => {
    await service?.stop()
    await receiver?.stop()
  })

  const hook = (path: string, body: unknown, headers: Record<string, string> = {}) =>
    service.api('POST', `/hooks/${path}`, body, { authorization: `Bearer ${key}`, ...headers })
  const alert = async (id: string): Promise<Json> =>
    (await service.api('GET', `/api/alerts/${id}`, undefined, admin)).body
  const openOf = async (type: string): Promise<Json> => {
    const { body } = await service.api('GET', '/api/alerts?limit=100', undefined, admin)
    return body.data.find((each: Json) => each.type === type)
  }
  const postsOf = (id: string): Post[] => receiver.posts.filter(({ json }) => json.alert.id === id)

  it.skipIf(!requireServer('prometheus-alertmanager'))(
    'what a real Alertmanager fires is raised, and resolved when it is over',
    async () => {
      const alertmanager = await startAlertmanager({
        ...{ url: `${service.url}/hooks/alertmanager`, credentials: key },
      })
      try {
        const name = fresh('HighLatency')
        const labels = { alertname: name, instance: 'web-1', severity: 'critical', job: 'web' }
        const startsAt = new Date()
        const fire = async (endsAt: Date): Promise<void> => {
          const annotations = { summary: 'Slow: 3 s' }
          const answer = await fetch(`${alertmanager.url}/api/v2/alerts`, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify([{ labels, annotations, startsAt, endsAt }]),
          })
          expect(answer.status, alertmanager.log()).toBe(200)
        }
        // As Prometheus does, it is told again as long as the alert fires.
        const raised = await waitFor(
          async () => {
            await fire(new Date(Date.now() + 60_000))
            return openOf(name)
          },
          { deadlineMs: 40_000, message: () => `no alert: ${alertmanager.log()}` },
        )
        expect(raised).toMatchObject({
          ...{ severity: 'critical', status: 'triggered', message: 'Slow: 3 s', source: 'web-1' },
          labels,
          data: { annotations: { summary: 'Slow: 3 s' }, receiver: 'belfry' },
        })
        await fire(new Date())
        await waitFor(async () => (await alert(raised.id)).status === 'resolved', {
          ...{ deadlineMs: 40_000, message: () => `not resolved: ${alertmanager.log()}` },
        })
        expect((await alert(raised.id)).resolved_by).toBe('alertmanager')
      } finally {
        await alertmanager.stop()
      }
    },
  )

  it('alerts of one call are taken side by side: by fingerprint, and again only counted', async () => {
    const type = fresh('Disk')
    const of = (instance: string, status = 'firing') => ({
      ...{ status, fingerprint: `${type}${instance}`, annotations: {} },
      labels: { alertname: type, instance, severity: 'page' },
    })
    const first = await hook('alertmanager', { version: '4', alerts: [of('a'), of('b')] })
    expect(first.body.raised).toHaveLength(2)
    const again = await hook('alertmanager', { version: '4', alerts: [of('a'), of('b')] })
    expect(again.body).toMatchObject({ raised: [], seen_again: first.body.raised })
    const over = await hook('alertmanager', {
      ...{ version: '4', alerts: [of('a', 'resolved'), of('c', 'resolved')] },
    })
    expect(over.body).toMatchObject({ resolved: [first.body.raised[0]], ignored: 1 })
    expect(await alert(first.body.raised[1])).toMatchObject({ status: 'triggered', count: 2 })
  })

  it('what a tool sends as null is what it has nothing to say of', async () => {
    const name = fresh('Nothing')
    const labels = { alertname: name, instance: 'a' }
    const nothing = { annotations: null, generatorURL: null, fingerprint: null, endsAt: null }
    const taken = await hook('alertmanager', {
      ...{ version: '4', commonAnnotations: null, groupKey: null, receiver: null },
      alerts: [{ status: 'firing', labels, ...nothing, valueString: null }],
    })
    expect(taken.body).toMatchObject({ raised: [expect.any(String)], rejected: [] })
    expect(await alert(taken.body.raised[0])).toMatchObject({ message: name, labels })
    const old = { ruleName: fresh('old'), state: 'alerting', tags: null, message: null }
    expect((await hook('grafana', old)).body.raised).toHaveLength(1)
  })

  it('Grafana is understood as it is today, and as it was before version 9', async () => {
    const type = fresh('Too hot')
    const now = await hook('grafana', {
      ...{ receiver: 'belfry', status: 'firing', orgId: 1, title: '[FIRING:1]' },
      alerts: [
        {
          ...{ status: 'firing', labels: { alertname: type, room: 'hall 3' }, fingerprint: type },
          annotations: { description: 'It is hot' },
          ...{ valueString: "[ var='A' value=31 ]", dashboardURL: 'https://g.example/d/1' },
        },
      ],
    })
    expect(await alert(now.body.raised[0])).toMatchObject({
      ...{ type: type.replace(' ', '_'), severity: 'warning', message: 'It is hot' },
      data: { dashboard_url: 'https://g.example/d/1', value: "[ var='A' value=31 ]" },
    })
    const old = { ruleId: 7, ruleName: fresh('Old'), message: 'Old words', tags: {} }
    const raised = await hook('grafana', { ...old, state: 'alerting' })
    const over = await hook('grafana', { ...old, state: 'ok' })
    expect(over.body.resolved).toEqual(raised.body.raised)
  })

  it('the generic hook takes JSON, forms and queries; dedup names the alert, action ends it', async () => {
    const dedup = fresh('job')
    const raised = await hook('generic', { summary: 'Backup failed', dedup, meta: { host: 'db' } })
    expect(await alert(raised.body.raised[0])).toMatchObject({
      ...{
        type: 'generic',
        severity: 'critical',
        message: 'Backup failed',
        labels: { host: 'db' },
      },
    })
    const form = new URLSearchParams({ summary: 'Backup failed again', dedup }).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await hook('generic', form, type)).body.seen_again).toEqual(raised.body.raised)
    const over = await hook(`generic?action=close&dedup=${dedup}`, undefined)
    expect(over.body.resolved).toEqual(raised.body.raised)
    const wrong = await hook('generic', { details: 'no summary' })
    expect(wrong.status).toBe(422)
    expect(wrong.body.issues[0].path).toBe('summary')
  })

  it('CloudEvents become events: binary, structured, in a batch, each once', async () => {
    const source = `/${fresh('shop')}`
    const event = (id: string) => ({
      ...{ specversion: '1.0', id, source, type: 'com.shop.order.shipped', data: { order: 7 } },
    })
    const structured = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
    const first = await hook('cloudevents', JSON.stringify(event('1')), structured)
    expect(first.status).toBe(202)
    const batch = { 'content-type': 'application/cloudevents-batch+json' }
    const both = await hook('cloudevents', JSON.stringify([event('1'), event('2')]), batch)
    expect(both.body.event_ids[0]).toBe(first.body.event_ids[0])
    const binary = await hook(
      'cloudevents',
      { order: 8 },
      {
        ...{ 'ce-specversion': '1.0', 'ce-id': '3', 'ce-source': source },
        'ce-type': 'com.shop.order.shipped',
      },
    )
    expect(binary.status).toBe(202)
    const path = '/api/events?type=com.shop.order.shipped&limit=100'
    const { body } = await service.api('GET', path, undefined, admin)
    const mine = body.data.filter(({ payload }: Json) => payload.cloudevent.source === source)
    expect(mine.map(({ payload }: Json) => payload.cloudevent.id).sort()).toEqual(['1', '2', '3'])
    const { data: _, ...bare } = event('5')
    expect((await hook('cloudevents', bare)).status).toBe(202)
    const many = Array.from({ length: 1001 }, (_, n) => event(`m-${n}`))
    const tooMany = await hook('cloudevents', JSON.stringify(many), batch)
    expect([tooMany.status, tooMany.body.detail]).toEqual([422, 'A batch has at most 1000 events.'])
    const wrong = await hook('cloudevents', { ...event('4'), specversion: '0.3' })
    expect([wrong.status, wrong.body.issues[0].path]).toEqual([422, 'specversion'])
  })

  it('the key comes in whatever way the tool can send it, and without one nothing is taken', async () => {
    const ask = async (query: string, headers: Record<string, string>) => {
      const body = { summary: 'x', dedup: 'key-test' }
      return (await service.api('POST', `/hooks/generic${query}`, body, headers)).status
    }
    const basic = `Basic ${Buffer.from(`belfry:${key}`).toString('base64')}`
    const ways = [
      ask(`?key=${key}`, {}),
      ask(`?token=${key}`, {}),
      ask('', { 'x-api-key': key }),
      ask('', { authorization: basic }),
      ask('', { authorization: `Bearer ${key}` }),
    ]
    expect(await Promise.all(ways)).toEqual([200, 200, 200, 200, 200])
    expect(await Promise.all([ask('', {}), ask('?key=wrong', {})])).toEqual([401, 401])
  })

  it('receivers hear of every change of an alert, signed, and once they are back', async () => {
    receiver.behave({ status: 503 })
    const raised = await hook('generic', { summary: 'Leak', dedup: fresh('d'), source: 'pump-7' })
    const [id] = raised.body.raised
    await waitFor(() => receiver.attempts > 0)
    receiver.behave('normal')
    for (const action of ['ack', 'resolve']) {
      await service.api('POST', `/api/alerts/${id}/${action}`, { user_id: 'ada' }, admin)
    }
    await waitFor(() => postsOf(id).length === 3)
    const byEvent = Object.fromEntries(postsOf(id).map(({ json }) => [json.event, json]))
    expect(Object.keys(byEvent).sort()).toEqual([
      ...['alert.acknowledged', 'alert.resolved', 'alert.triggered'],
    ])
    const labels = { alertname: 'generic', severity: 'critical', source: 'pump-7' }
    expect(byEvent['alert.triggered']).toMatchObject({
      ...{ version: '4', status: 'firing', groupKey: '{}:{alertname="generic"}' },
      ...{ groupLabels: { alertname: 'generic' }, commonLabels: labels, externalURL: service.url },
      alerts: [{ status: 'firing', labels, annotations: { summary: 'Leak' }, fingerprint: id }],
    })
    expect(byEvent['alert.resolved']).toMatchObject({
      ...{ status: 'resolved', alerts: [{ status: 'resolved' }], alert: { resolved_by: 'ada' } },
    })
  })
})
