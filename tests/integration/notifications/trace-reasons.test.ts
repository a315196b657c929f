import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Notifiable, Notification, NotificationSending } from '../../../src/index.ts'
import { type OwnBelfry, startOwn } from '../../support/own-belfry.ts'
import { waitFor } from '../../support/wait-for.ts'

class Person extends Notifiable() {
  readonly id: string
  readonly email: string

  constructor(id: string) {
    super()
    this.id = id
    this.email = `${id}@example.com`
  }
}

class Once extends Notification<Person> {
  via() {
    return ['database', 'mail']
  }
  override toArray() {
    return { title: 'Once', message: 'only' }
  }
  override toMail() {
    return { subject: 'Once', line: 'only' }
  }
  override deduplicationId() {
    return 'the same'
  }
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
type Json = any

describe('[G-23 S0-081] why somebody was not told has a word for machines', () => {
  let belfry: OwnBelfry
  beforeAll(async () => {
    belfry = await startOwn()
  })
  afterAll(() => belfry?.[Symbol.asyncDispose]())

  async function api(method: string, path: string, body?: object): Promise<Json> {
    const answer = await fetch(`${belfry.app.url}/api${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return answer.json()
  }
  /** The id of what was sent, or of what was not. */
  async function send(user: string, fields: object = {}): Promise<string> {
    const sent = await api('POST', '/notifications', {
      ...{ to: `user:${user}`, message: 'Hello', ...fields },
    })
    return sent.notifications[0]?.notification_id ?? sent.rejected[0]?.error.notification_id
  }
  const trace = (id: string) => api('GET', `/notifications/${id}/trace`)
  const mail = { channels: ['email'] }
  const night = { start: '00:00', end: '23:59', mode: 'drop' }
  const day = { limit: 1, window: '1d' }

  it.each<[reason: string, before: (user: string) => Promise<unknown>, fields: object]>([
    ['no_address', async () => {}, mail],
    ['preference', (user) => api('PUT', `/users/${user}/preferences`, { email: false }), mail],
    ['quiet_hours', (user) => api('PUT', `/users/${user}/quiet-hours`, night), mail],
  ])('%s: of one channel, the rest is delivered', async (reason, before, fields) => {
    const user = `of-${reason}`
    if (reason !== 'no_address') await api('PUT', `/users/${user}`, { email: 'a@example.com' })
    await before(user)
    const { status, deliveries } = await trace(await send(user, fields))
    expect({ status, deliveries }).toEqual({
      status: 'sent',
      deliveries: [{ channel: 'email', status: 'skipped', reason }],
    })
  })

  it.each<[reason: string, status: string, fields: object, times: number]>([
    ['throttled', 'dropped', { type: 't', throttle: day }, 2],
    ['digest', 'merged', { type: 'd', digest: { window: '1h' } }, 1],
    ['expired', 'dropped', { expires_at: 1000 }, 1],
    ['muted', 'dropped', { thread: 'doc-1' }, 1],
    ['preference', 'dropped', { type: 'gossip' }, 1],
    ['condition', 'dropped', { type: 'picky', data: { n: 1 } }, 1],
    ['delay', 'dropped', { type: 'due', data: { at: '2020-01-01T00:00:00Z' } }, 1],
  ])('%s: %s as a whole', async (reason, status, fields, times) => {
    const user = `whole-${reason}`
    await api('PUT', `/users/${user}/mutes`, { thread: 'doc-1' })
    await api('PUT', `/users/${user}/preferences`, { types: { gossip: 'None' } })
    await api('PUT', '/event-types/picky', { conditions: ['payload.n > 1'] })
    await api('PUT', '/event-types/due', { delay: { key: 'at' } })
    let id = ''
    for (let n = 0; n < times; n++) id = await send(user, fields)
    expect(await trace(id)).toMatchObject({ status, reason, user_id: user, deliveries: [] })
  })

  it('duplicate: what a class says again', async () => {
    const ada = new Person('ada')
    await ada.notify(new Once())
    expect((await ada.notify(new Once())).all).toMatchObject([
      { channel: 'database', status: 'skipped', reason: 'duplicate' },
      { channel: 'email', status: 'skipped', reason: 'duplicate' },
    ])
  })

  it('vetoed by listener: whoever it was, whatever others said', async () => {
    const { events } = belfry.app
    using _yes = events.listen(NotificationSending, () => true)
    using _no = events.listen(NotificationSending, function noMails({ channel }) {
      return channel === 'mail' ? false : undefined
    })
    const { all } = await new Person('eve').notify(new Once())
    const id = all[0]?.notificationId ?? ''
    const reason = 'vetoed by listener noMails'
    await waitFor(async () => (await trace(id)).deliveries[0]?.status === 'skipped')
    expect((await trace(id)).deliveries).toMatchObject([{ channel: 'email', reason }])
  })

  it('silenced: an alert says by what, and tells nobody', async () => {
    const silence = await api('POST', '/silences', {
      ...{ matchers: ['source="lab"'], for: '1h', comment: 'We are testing.' },
    })
    await api('POST', '/groups/ops/members', { members: ['guard'] })
    await api('POST', '/oncall/fire', { members: ['guard'] })
    const raised = await api('POST', '/alerts', {
      ...{ type: 'fire', message: 'It burns', source: 'lab', severity: 'critical' },
    })
    const alert = await waitFor(async () => {
      const found = await api('GET', `/alerts/${raised.alert_id}`)
      return found.log.some(({ what }: Json) => what === 'silenced') && found
    })
    expect(alert.log).toContainEqual(
      expect.objectContaining({ what: 'silenced', why: expect.stringContaining(silence.id) }),
    )
    expect(alert.silenced_by).toEqual([silence.id])
    expect((await api('GET', '/notifications?user_id=guard')).data).toEqual([])
  })
})
