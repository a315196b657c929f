import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SystemAlertNotification, WelcomeNotification } from '../../notifications/index.ts'
import { Event, inbox, listen, Notifiable, Notification } from '../../src/index.ts'
import { EventFake, NotificationFake } from '../../src/testing/index.ts'
import { NativeClient } from '../support/native-client.ts'
import { type OwnBelfry, startOwn } from '../support/own-belfry.ts'
import { waitFor } from '../support/wait-for.ts'

/** The seed's user: a model of anybody's, who can be told something. */
class Model {
  save() {
    return true
  }
}

class User extends Notifiable(Model) {
  readonly id: string
  readonly name: string
  readonly isVerified: boolean

  constructor({
    id,
    name = 'John',
    isVerified = true,
  }: { id: string; name?: string; isVerified?: boolean }) {
    super()
    this.id = id
    this.name = name
    this.isVerified = isVerified
  }

  static create(fields: { id: string; name?: string; isVerified?: boolean }) {
    const user = new User(fields)
    void Event.dispatch(new UserRegistered(user.id))
    if (user.isVerified) void Event.dispatch(new UserVerified(user.id))
    return user
  }

  routeNotificationForMail() {
    return `${this.id}@routes.example`
  }
  routeNotificationForSms() {
    return '+12025550188'
  }
  routeNotificationForSlack() {
    return 'https://hooks.slack.com/services/T/B/mine'
  }
  routeNotificationForDiscord() {
    return 'https://discord.com/api/webhooks/1/mine'
  }
}

class UserRegistered extends Event {
  readonly userId: string
  constructor(userId: string) {
    super()
    this.userId = userId
  }
}
class UserVerified extends Event {
  readonly userId: string
  constructor(userId: string) {
    super()
    this.userId = userId
  }
}
class UserDeleted extends UserVerified {}

class Everywhere extends WelcomeNotification {
  override via() {
    return ['database', 'mail', 'sms', 'slack', 'discord']
  }
  override toSms() {
    return { content: `Welcome ${this.userName}` }
  }
  override toDiscord() {
    return { content: `New user ${this.userName}` }
  }
}

let belfry: OwnBelfry
beforeAll(async () => {
  belfry = await startOwn({
    notifications: [WelcomeNotification, Everywhere, SystemAlertNotification],
    routes({ channels }) {
      channels.channel('team.{id}', (user, { id }) => user.id === 'ada' && id === '1')
      channels.channel('chat.room.{id}', (user) => ({ id: user.id, name: 'Ada' }))
    },
  })
})
afterAll(() => belfry?.[Symbol.asyncDispose]())

const api = (method: string, path: string, user: string, body?: object | URLSearchParams) =>
  fetch(`${belfry.app.url}${path}`, {
    method,
    headers: {
      'x-belfry-user': user,
      ...(body instanceof URLSearchParams ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined
      ? {}
      : { body: body instanceof URLSearchParams ? body : JSON.stringify(body) }),
  })
// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
const json = async (answer: Promise<Response>): Promise<any> => (await answer).json()

describe('people in seed 000', () => {
  it('[S0-024 S0-025 S0-026 S0-027 S0-028 S0-029] say themselves where each channel reaches them', async () => {
    const user = new User({ id: 'routed' })
    expect(user.save()).toBe(true)
    await belfry.app.services.directory.savePreferences('routed', { sms: true })
    const { sent, skipped } = await user.notify(new Everywhere('John'))
    expect(skipped).toEqual([])
    const channels = sent.map(({ channel }) => channel)
    expect(channels).toEqual(['database', 'email', 'sms', 'slack', 'discord'])
    const wayOf = async (channel: string) => {
      const found = await belfry.outbox(channel)
      return found.find((each) => JSON.stringify(each).includes('John'))
    }
    expect(await wayOf('email')).toMatchObject({
      to: 'routed@routes.example',
      subject: 'Welcome John!',
    })
    expect(await wayOf('sms')).toMatchObject({ to: '+12025550188', text: 'Welcome John' })
    const { queues } = belfry.app.services
    for (const channel of ['slack', 'discord']) {
      const { url } = (await queues.delivery(`${sent[0]?.notificationId}.${channel}`)) as never as {
        url: string
      }
      expect(url).toContain('/mine')
    }
  })

  it('[S0-030 S0-031] many at once, and addresses alone', async () => {
    const users = ['m1', 'm2', 'm3'].map((id) => new User({ id }))
    const { sent } = await Notification.send(users, new WelcomeNotification('all'))
    expect(sent).toHaveLength(6)
    const guest = await Notification.route('mail', 'user@example.com')
      .route('sms', '+12025550123')
      .notify(new Everywhere('Guest User'))
    expect(guest.sent.map(({ channel }) => channel)).toEqual(['email', 'sms'])
    expect(() => Notification.route('database', 'x')).toThrow('does not support on-demand')
  })

  it('[S0-033 S3-031 S3-032] read what they were told, newest first, and nobody else’s', async () => {
    const user = new User({ id: 'reader' })
    for (const name of ['one', 'two', 'three']) await user.notify(new WelcomeNotification(name))
    const page = await inbox(user).where('read_at', null).paginate(15)
    expect(page.data.map(({ message }) => message)).toEqual(
      ['three', 'two', 'one'].map((name) => `Welcome to our platform, ${name}!`),
    )
    const [newest] = page.data
    const found = await inbox(user).find(newest!.id)
    await found.markAsRead()
    expect(await inbox(user).unread().count()).toBe(2)
    await expect(inbox('somebody-else').find(newest!.id)).rejects.toMatchObject({
      code: 'not_found',
    })
    expect(await inbox(user).unread().markAsRead()).toBe(2)
    expect(await inbox(user).unread().count()).toBe(0)
  })

  it('[S0-067 S0-068 S0-069] the same over HTTP', async () => {
    const user = new User({ id: 'browser' })
    for (let n = 0; n < 17; n++) await user.notify(new WelcomeNotification(`${n}`))
    const first = await json(api('GET', '/api/notifications?unread_only=true', 'browser'))
    expect([first.data.length, first.unread_count]).toEqual([15, 17])
    const read = api('PUT', `/api/notifications/${first.data[0].id}/read`, 'browser')
    expect(await json(read)).toEqual({ status: 'success' })
    const all = api('PUT', '/api/notifications/mark-all-read', 'browser')
    expect(await json(all)).toEqual({ status: 'success' })
    expect((await json(api('GET', '/api/notifications?unread_only=true', 'browser'))).data).toEqual(
      [],
    )
  })

  it('[S0-070] join private and presence channels that a rule lets them into, and no others', async () => {
    const join = (channel: string, user = 'ada') =>
      api(
        'POST',
        '/broadcasting/auth',
        user,
        new URLSearchParams({ channel_name: channel, socket_id: '1.2' }),
      )
    const key = /^belfry:[0-9a-f]{64}$/
    expect(await json(join('private-team.1'))).toEqual({ auth: expect.stringMatching(key) })
    const presence = await json(join('presence-chat.room.7'))
    expect(presence.auth).toMatch(key)
    expect(JSON.parse(presence.channel_data)).toMatchObject({
      user_id: 'ada',
      user_info: { name: 'Ada' },
    })
    for (const [channel, user] of [['private-team.2'], ['private-team.1', 'eve'], ['team.1']]) {
      const answer = await join(channel!, user)
      expect([channel, answer.status]).toEqual([channel, 403])
    }
  })

  it('[S0-035 S0-047 S0-048] events are dispatched, some on a condition, and heard by functions of both kinds', async () => {
    const heard: string[] = []
    using _now = listen(UserVerified, ({ userId }) => void heard.push(`now ${userId}`))
    using _later = listen(UserVerified, async ({ userId }) => {
      await new Promise((resolve) => setImmediate(resolve))
      heard.push(`later ${userId}`)
    })
    User.create({ id: 'verified' })
    User.create({ id: 'unverified', isVerified: false })
    await waitFor(() => heard.length === 2)
    expect(heard).toEqual(['now verified', 'later verified'])
  })

  it('[S0-072 S0-073] the tests of the seed, with fakes that leave when they are done', async () => {
    using notifications = NotificationFake.fake()
    {
      using events = EventFake.fake()
      User.create({ id: 'faked', name: 'John' })
      EventFake.assertDispatched(UserRegistered)
      EventFake.assertDispatchedTimes(UserRegistered, 1)
      EventFake.assertNotDispatched(UserDeleted)
      events.assertDispatched(UserVerified, ({ userId }) => userId === 'faked')
    }
    const user = new User({ id: 'faked' })
    using _ = listen(UserRegistered, async function welcome({ userId }) {
      await new User({ id: userId }).notify(new WelcomeNotification('John'))
    })
    await Event.dispatch(new UserRegistered('faked'))
    NotificationFake.assertSentTo(user, WelcomeNotification)
    NotificationFake.assertSentTimes(WelcomeNotification, 1)
    NotificationFake.assertNotSent(SystemAlertNotification)
    notifications.assertCount(1)
    expect(await inbox('faked').count()).toBe(0)
  })

  it('[S4-012 S4-013] are connected, and then not', async () => {
    const url = `${belfry.app.url.replace('http', 'ws')}/ws?user_id=visitor`
    const { client } = await NativeClient.connect(url)
    const connection = async () => {
      const { data } = await json(api('GET', '/api/connections?user_id=visitor', 'visitor'))
      return data[0]
    }
    expect(await connection()).toMatchObject({ user_id: 'visitor', is_active: true })
    await client.close()
    await waitFor(async () => (await connection())?.is_active !== true)
  })
})
