import { expect } from 'vitest'
import { waitFor } from '../support/wait-for.ts'
import type { Publish, Twins } from './twins.ts'
import { fresh, type Json } from './world.ts'

export { Twins } from './twins.ts'

/** Half a hundred messages to one inbox, so that it keeps them all. */
const PER_USER = 50

/** One topic: what is published `count` times, and that each had one effect. */
export interface Proof {
  readonly topic: string
  readonly run: (twins: Twins, count: number) => Promise<void>
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

/** Messages spread over users so that no inbox overflows; each is there exactly once. */
async function inboxesHoldOnce(twins: Twins, users: readonly string[], count: number) {
  const texts = await waitFor(
    async () => {
      const pages = await Promise.all(
        users.map((user) => twins.http('GET', `/api/notifications?user_id=${user}&limit=100`)),
      )
      const found = pages.flatMap(({ data }) => data.map(({ message }: Json) => message))
      return found.length >= count ? found : null
    },
    { deadlineMs: 60_000, message: 'not everything arrived' },
  )
  expect(texts.toSorted()).toEqual(range(count).map(String).toSorted())
}

const usersFor = (count: number) => range(Math.ceil(count / PER_USER)).map(() => fresh('u'))
const userOf = (users: readonly string[], index: number) => users[Math.floor(index / PER_USER)]!

async function toUsers(twins: Twins, count: number): Promise<void> {
  const users = usersFor(count)
  const replies = await twins.ask(
    range(count).map((index) => ({
      ...{ topic: `notifications/realtime/user/${userOf(users, index)}`, qos: 1 },
      payload: { message: String(index) },
    })),
  )
  expect(new Set(replies.map((one) => one.notification_id)).size).toBe(count)
  await inboxesHoldOnce(twins, users, count)
}

function toGroups(topicOf: (group: string) => string, fieldsOf: (group: string) => object) {
  return async (twins: Twins, count: number) => {
    const users = usersFor(count)
    for (const user of users) {
      await twins.http('POST', `/api/groups/${user}/members`, { members: [user] })
    }
    const replies = await twins.ask(
      range(count).map((index) => ({
        ...{ topic: topicOf(userOf(users, index)), qos: 1 },
        payload: { message: String(index), ...fieldsOf(userOf(users, index)) },
      })),
    )
    expect(new Set(replies.map((one) => one.broadcast_id)).size).toBe(count)
    await inboxesHoldOnce(twins, users, count)
  }
}

/** Of ten sources each: the first report makes the alert, every other one counts. */
function alerts(level: 'critical' | 'warning' | 'info', qos: 0 | 1 | 2) {
  return async (twins: Twins, count: number) => {
    const type = fresh('heat')
    const replies = await twins.ask(
      range(count).map((index) => ({
        ...{ topic: `notifications/alerts/${level}/${type}`, qos },
        payload: { message: 'Hot', source: `pump-${index % 10}` },
      })),
    )
    expect(replies.filter((one) => one.is_new)).toHaveLength(10)
    const ids = new Set(replies.map((one) => one.alert_id))
    const found = await Promise.all([...ids].map((id) => twins.http('GET', `/api/alerts/${id}`)))
    expect(found).toHaveLength(10)
    expect(found.reduce((sum, alert) => sum + alert.count, 0)).toBe(count)
  }
}

async function raise(twins: Twins, count: number): Promise<string[]> {
  const type = fresh('leak')
  const replies = await twins.ask(
    range(count).map((index) => ({
      ...{ topic: `notifications/alerts/warning/${type}`, qos: 1 },
      payload: { message: 'Drip', source: `pipe-${index}` },
    })),
  )
  return replies.map((one) => one.alert_id)
}

function alertAction(verb: 'ack' | 'resolve', what: 'acknowledged' | 'resolved') {
  return async (twins: Twins, count: number) => {
    const ids = await raise(twins, count)
    const replies = await twins.ask(
      ids.map((id) => ({ topic: `notifications/alerts/${verb}/${id}`, payload: {}, qos: 1 })),
    )
    expect(replies.filter(({ status }) => status === what)).toHaveLength(count)
    const { log } = await twins.http('GET', `/api/alerts/${ids[0]}`)
    expect(log.filter((entry: Json) => entry.what === what)).toHaveLength(1)
  }
}

function jobs(
  channel: string,
  publishOf: (mark: string, index: number) => Omit<Publish, 'qos'> & { qos?: 0 | 1 | 2 },
) {
  return async (twins: Twins, count: number) => {
    const mark = fresh('mark')
    await twins.ask(range(count).map((index) => ({ qos: 2, ...publishOf(mark, index) })))
    const sent = await waitFor(
      async () => {
        const found = await twins.records(`${channel}_job`, mark)
        return found.every(({ status }) => status === 'sent') ? found : null
      },
      { deadlineMs: 60_000, message: `not every ${channel} was sent` },
    )
    expect(sent).toHaveLength(count)
    expect(sent.filter(({ attempts }) => attempts !== 1)).toEqual([])
  }
}

async function statuses(twins: Twins, count: number): Promise<void> {
  const component = fresh('db')
  const replies = await twins.ask(
    range(count).map((index) => ({
      ...{ topic: 'notifications/system/status', qos: 1 },
      payload: { status: String(index), component },
    })),
  )
  expect(replies.map(({ status }) => status)).toEqual(range(count).map(() => 'status_updated'))
}

function recorded(kind: string, publishOf: (mark: string, index: number) => Publish) {
  return async (twins: Twins, count: number) => {
    const mark = fresh('mark')
    await twins.ask(range(count).map((index) => publishOf(mark, index)))
    expect(await twins.records(kind, mark)).toHaveLength(count)
  }
}

async function reads(twins: Twins, count: number): Promise<void> {
  const users = usersFor(count)
  const sent = await twins.ask(
    range(count).map((index) => ({
      ...{ topic: `notifications/realtime/user/${userOf(users, index)}`, qos: 1 },
      payload: { message: String(index) },
    })),
  )
  const replies = await twins.ask(
    sent.map(({ notification_id, correlation_id }) => ({
      ...{ topic: `notifications/inbox/read/${userOf(users, correlation_id)}`, qos: 1 },
      payload: { notification_id },
    })),
  )
  expect(replies.filter(({ status }) => status === 'read')).toHaveLength(count)
  for (const user of users) {
    const { unread_count } = await twins.http('GET', `/api/notifications?user_id=${user}`)
    expect(unread_count).toBe(0)
  }
}

async function cancellations(twins: Twins, count: number): Promise<void> {
  const send_at = Date.now() / 1000 + 3600
  const mail = { to: 'ada@example.com', subject: 'Later', body: 'Never', send_at }
  const queued = await twins.ask(
    range(count).map(() => ({ topic: 'notifications/email/send', payload: mail, qos: 2 })),
  )
  const replies = await twins.ask(
    queued.map(({ email_id }) => ({
      ...{ topic: `notifications/deliveries/cancel/${email_id}`, payload: {}, qos: 1 },
    })),
  )
  expect(replies.filter(({ status }) => status === 'canceled')).toHaveLength(count)
}

/** Connect, heartbeat, drain and disconnect: sessions without a name, one for every message. */
async function sessions(twins: Twins, count: number): Promise<void> {
  const mark = fresh('s')
  const user = (index: number) => `${mark}-${Math.floor(index / 20)}`
  const step = (verb: string, qos: 0 | 1, payloadOf: (index: number) => object) =>
    twins.ask(
      range(count).map((index) => ({
        ...{ topic: `websocket/${verb}/${user(index)}`, qos },
        payload: payloadOf(index),
      })),
    )
  const connected = await step('connect', 1, () => ({ device_info: { mark } }))
  expect(await twins.records(`websocket:${mark}-*`, mark)).toHaveLength(count)
  const ids = new Map(connected.map((one) => [one.correlation_id, one.session_id]))
  const own = (index: number) => ({ session_id: ids.get(index) })
  const beats = await step('heartbeat', 0, own)
  expect(beats.filter(({ status }) => status === 'alive')).toHaveLength(count)
  const drained = await step('drain', 1, own)
  expect(drained.filter(({ messages }) => messages.length === 0)).toHaveLength(count)
  const gone = await step('disconnect', 1, own)
  expect(gone.filter(({ status }) => status === 'disconnected')).toHaveLength(count)
  expect(await twins.records(`websocket:${mark}-*`, mark)).toEqual([])
}

/** Every topic of contract §3; `websocket/…` are proved together. */
export const PROOFS: readonly Proof[] = [
  { topic: 'notifications/realtime/user/{user_id}', run: toUsers },
  {
    topic: 'notifications/realtime/broadcast',
    run: toGroups(
      () => 'notifications/realtime/broadcast',
      (group) => ({ target_groups: [group] }),
    ),
  },
  {
    topic: 'notifications/realtime/group/{group_id}',
    run: toGroups(
      (group) => `notifications/realtime/group/${group}`,
      () => ({}),
    ),
  },
  { topic: 'notifications/alerts/critical/{alert_type}', run: alerts('critical', 2) },
  { topic: 'notifications/alerts/warning/{alert_type}', run: alerts('warning', 1) },
  { topic: 'notifications/alerts/info/{alert_type}', run: alerts('info', 0) },
  { topic: 'notifications/alerts/ack/{alert_id}', run: alertAction('ack', 'acknowledged') },
  { topic: 'notifications/alerts/resolve/{alert_id}', run: alertAction('resolve', 'resolved') },
  { topic: 'notifications/system/status', run: statuses },
  {
    topic: 'notifications/system/maintenance',
    run: recorded('maintenance', (mark) => ({
      ...{ topic: 'notifications/system/maintenance', qos: 2 },
      payload: { type: 'scheduled', services: [mark], starts_at: 4e9 },
    })),
  },
  {
    topic: 'notifications/email/send',
    run: jobs('email', (mark, index) => ({
      topic: 'notifications/email/send',
      payload: { to: `u${index}@example.com`, subject: mark, body: 'B' },
    })),
  },
  {
    topic: 'notifications/email/batch',
    run: jobs('email', (mark, index) => ({
      topic: 'notifications/email/batch',
      payload: { emails: [{ to: `u${index}@example.com`, subject: mark, body: 'B' }] },
    })),
  },
  {
    topic: 'notifications/sms/send',
    run: jobs('sms', (mark) => ({
      topic: 'notifications/sms/send',
      payload: { phone: '+12025550123', message: mark },
    })),
  },
  {
    topic: 'notifications/push/mobile/{platform}',
    run: jobs('push', (mark) => ({
      ...{ topic: 'notifications/push/mobile/web', qos: 1 },
      payload: { token: mark, title: 'T' },
    })),
  },
  { topic: 'notifications/inbox/read/{user_id}', run: reads },
  { topic: 'notifications/deliveries/cancel/{id}', run: cancellations },
  { topic: 'websocket/connect, heartbeat, drain, disconnect', run: sessions },
  {
    topic: 'events/{event_name}',
    run: recorded('event', (mark, index) => ({
      ...{ topic: `events/order.${mark}`, qos: 1, payload: { index } },
    })),
  },
]
