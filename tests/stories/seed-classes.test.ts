import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  DirectMessageNotification,
  MarketingCampaignNotification,
  OrderDeliveredNotification,
  OrderShippedNotification,
  SystemAlertNotification,
  WelcomeNotification,
} from '../../notifications/index.ts'
import {
  Broadcast,
  Event,
  EventListener,
  EventPriority,
  entity,
  inbox,
  listen,
  Notifiable,
  Notification,
  NotificationSent,
  ShouldBroadcast,
} from '../../src/index.ts'
import { waitForNotifications } from '../../src/testing/index.ts'
import { NativeClient } from '../support/native-client.ts'
import { type OwnBelfry, startOwn } from '../support/own-belfry.ts'
import { openEcho } from '../support/pusher-clients.ts'
import { waitFor } from '../support/wait-for.ts'

class User extends Notifiable() {
  readonly id: string
  readonly name: string
  readonly email: string
  readonly phone = '+12025550123'
  readonly pushNotificationsEnabled = false
  readonly smsNotificationsEnabled = true
  readonly marketingEmailsEnabled: boolean

  constructor(id: string, name = id, marketing = false) {
    super()
    this.id = id
    this.name = name
    this.email = `${id}@example.com`
    this.marketingEmailsEnabled = marketing
  }

  routeNotificationForSms() {
    return this.phone
  }
}

const ORDER = { id: 7, trackingNumber: 'TN-1', trackingUrl: 'https://track.example/TN-1' }

class UserRegistered extends Event {
  readonly user: { readonly id: string; readonly name: string }

  constructor(user: { id: string; name: string }) {
    super()
    this.user = { id: user.id, name: user.name }
  }

  override broadcastOn() {
    return ['user-events', `user.${this.user.id}`]
  }

  override broadcastWith() {
    return { user_id: this.user.id, user_name: this.user.name, registered_at: this.timestamp }
  }

  override broadcastAs() {
    return 'user.registered'
  }
}

class OrderCreated extends Event {}
class OrderStatusChanged extends Event {
  readonly userId: string
  readonly oldStatus: string
  readonly newStatus: string

  constructor(userId: string, oldStatus: string, newStatus: string) {
    super()
    this.userId = userId
    this.oldStatus = oldStatus
    this.newStatus = newStatus
  }
}

class MessageSent extends ShouldBroadcast(Event) {
  readonly message: { readonly id: number; readonly roomId: number; readonly content: string }

  constructor(message: MessageSent['message']) {
    super()
    this.message = message
  }

  override broadcastOn() {
    return [`chat.room.${this.message.roomId}`]
  }

  override broadcastAs() {
    return 'message.sent'
  }

  override broadcastWith() {
    return { message: { id: this.message.id, content: this.message.content } }
  }
}

/** What listeners did, in order. */
const done: string[] = []

class SendWelcomeEmail extends EventListener<UserRegistered> {
  override shouldQueue = true
  override queueName = 'emails'

  async handle({ user }: UserRegistered) {
    await Notification.send(new User(user.id, user.name), new WelcomeNotification(user.name))
  }
}

class UpdateUserStats extends EventListener<UserRegistered> {
  handle() {
    done.push('UpdateUserStats')
  }
}

class NotifyAdmins extends EventListener<UserRegistered> {
  async handle({ user }: UserRegistered) {
    const words = { title: 'A new user', message: `${user.name} registered` }
    await Notification.send('the-admin', new DirectMessageNotification(words))
  }
}

const noting = (name: string) => {
  const made = {
    [name]: class extends EventListener {
      handle(_event: unknown, event: string) {
        done.push(`${name} ${event}`)
      }
    },
  }
  return made[name]!
}

/** The stories of seed 000, told once with queues and once without. */
describe.each(['queued', 'sync'] as const)('seed 000 in TypeScript, events %s', (processing) => {
  let belfry: OwnBelfry
  let tag = 0
  const person = (marketing = false) => new User(`${processing}-${tag++}`, 'John', marketing)

  beforeAll(async () => {
    belfry = await startOwn({
      env: { EVENT_PROCESSING: processing },
      notifications: [WelcomeNotification, OrderShippedNotification],
      routes({ listen: on, channels }) {
        for (const each of [SendWelcomeEmail, UpdateUserStats, NotifyAdmins]) {
          on(UserRegistered, each)
        }
        for (const name of ['SendOrderConfirmation', 'UpdateInventory', 'ProcessPayment']) {
          on(OrderCreated, noting(name))
        }
        on('user.*', noting('LogUserActivity'))
        on('order.*', noting('UpdateAnalytics'))
        channels.open('chat.room.{id}')
        channels.open('notifications')
      },
    })
  })
  afterAll(() => belfry?.[Symbol.asyncDispose]())

  it('[S0-065 S0-090] OrderStatusChanged tells the customer that it shipped, and that it came', async () => {
    const user = person()
    using _ = listen(OrderStatusChanged, async ({ userId, newStatus }) => {
      const customer = new User(userId)
      if (newStatus === 'shipped') await customer.notify(new OrderShippedNotification(ORDER))
      if (newStatus === 'delivered') await customer.notify(new OrderDeliveredNotification(ORDER))
    })
    await belfry.app.services.directory.savePreferences(user.id, { sms: true })
    await Event.dispatch(new OrderStatusChanged(user.id, 'paid', 'shipped'))
    await Event.dispatch(new OrderStatusChanged(user.id, 'shipped', 'delivered'))
    const both = await waitForNotifications(user, { expected: 2 })
    expect(both.map(({ title }) => title)).toEqual(['Order Delivered', 'Order Shipped!'])
    const [text] = await belfry.outbox('sms')
    expect(text?.text).toContain('Track: https://track.example/TN-1')
  })

  it('[S0-016 S0-017] a campaign goes to those who want it, by SMS only where there is a phone', async () => {
    const campaign = { name: 'Sale', text: 'All of it', url: 'https://a.example', isUrgent: true }
    const [wants, declines] = [person(true), person(false)]
    const outcomes = await Notification.send(
      [wants, declines],
      new MarketingCampaignNotification(campaign),
    )
    expect(outcomes.all.map(({ userId, channel, status }) => [userId, channel, status])).toEqual([
      [wants.id, 'email', 'queued'],
      [wants.id, 'push', 'skipped'],
      [wants.id, 'sms', 'skipped'],
    ])
  })

  it('[S0-043 S0-051 S0-052] UserRegistered: three listeners and a pattern; the queued one mails', async () => {
    const user = person()
    done.length = 0
    await Event.dispatch(new UserRegistered(user))
    const [welcome] = await waitForNotifications(user)
    expect(welcome).toMatchObject({ title: 'Welcome!', data: { icon: 'welcome' } })
    expect(done).toEqual(['UpdateUserStats', 'LogUserActivity user.registered'])
    const [admin] = await waitForNotifications('the-admin', {
      where: ({ message }) => message === 'John registered',
    })
    expect(admin?.title).toBe('A new user')
    await waitFor(async () => {
      const mails = await belfry.outbox('email')
      return mails.some(({ to, subject }) => to === user.email && subject === 'Welcome John!')
    })
  })

  it('[S0-036 S0-046 S0-049] function listeners by priority, in queues, and events for later', async () => {
    done.length = 0
    using _one = listen(UserRegistered, () => done.push('low'), { priority: EventPriority.LOW })
    using _two = listen(UserRegistered, () => done.push('high'), { priority: EventPriority.HIGH })
    using _three = listen(
      UserRegistered,
      async function indexUser({ user }) {
        done.push(`indexed ${user.id}`)
      },
      { queue: 'content' },
    )
    const user = person()
    await Event.queue(new UserRegistered(user), processing === 'sync' ? undefined : 0)
    await waitFor(() => done.includes(`indexed ${user.id}`))
    expect(done.filter((word) => word === 'high' || word === 'low')).toEqual(['high', 'low'])
  })

  it('[S0-050] a repository tells of its changes', async () => {
    done.length = 0
    using _ = listen('post.*', (name) => void done.push(name))
    const posts = entity('post', {
      async create(post: { title: string }) {
        return { id: 1, ...post }
      },
      async update(_id: number, changes: { title: string }) {
        return changes
      },
      async delete(_id: number) {},
    })
    await posts.create({ title: 'Hello World' })
    await posts.update(1, { title: 'Updated Title' })
    await posts.delete(1)
    expect(done).toEqual(
      ['creating', 'created', 'updating', 'updated', 'deleting', 'deleted'].map((w) => `post.${w}`),
    )
  })

  it('[S0-061 S0-062 S0-066] MessageSent and NotificationSent reach browsers', async () => {
    class NotificationWasSent extends ShouldBroadcast(Event) {
      readonly userId: string
      readonly record: { readonly id: string; readonly title: string; readonly message: string }
      constructor(userId: string, record: NotificationWasSent['record']) {
        super()
        this.userId = userId
        this.record = record
      }
      override broadcastOn() {
        return [`user.${this.userId}.notifications`]
      }
      override broadcastAs() {
        return 'notification.sent'
      }
      override broadcastWith() {
        const { id, title, message } = this.record
        return { notification: { id, title, message, read: false } }
      }
    }
    const user = person()
    using _ = listen(
      NotificationSent,
      async function broadcastNotification({ notifiable, channel, response }) {
        if (channel !== 'database') return
        const { id = '' } = notifiable
        const record = await inbox(String(id)).find(String(response))
        await Event.dispatch(new NotificationWasSent(String(id), record))
      },
      { queue: 'broadcasts' },
    )
    const url = `${belfry.app.url.replace('http', 'ws')}/ws?user_id=${user.id}`
    const { client } = await NativeClient.connect(url)
    for (const channel of ['chat.room.1', `user.${user.id}.notifications`]) {
      client.send({ type: 'subscribe', channel, ref: channel })
    }
    await waitFor(() => client.of('result').length === 2)
    const echo = await openEcho(Number(new URL(belfry.app.url).port), { user: user.id })
    const inBrowser: object[] = []
    const channel = echo.channel(`user.${user.id}.notifications`)
    channel.listen('.notification.sent', (data: object) => void inBrowser.push(data))
    await new Promise<void>((resolve) => void channel.subscribed(() => resolve()))
    await Event.dispatch(new MessageSent({ id: 1, roomId: 1, content: 'Hello' }))
    const named = (event: string) => client.next('event', (frame) => frame.event === event)
    expect(await named('message.sent')).toMatchObject({
      channel: 'chat.room.1',
      data: { message: { id: 1, content: 'Hello' } },
    })
    await user.notify(new WelcomeNotification('John'))
    const [{ id = '', message = '' } = {}] = await inbox(user.id).get()
    const sent = { notification: { id, title: 'Welcome!', message, read: false } }
    expect((await named('notification.sent')).data).toEqual(sent)
    await waitFor(() => inBrowser.length === 1)
    expect(inBrowser).toEqual([sent])
    echo.disconnect()
    await Broadcast.channel('chat.room.1').send('typing', { user: 'John' })
    expect(await named('typing')).toMatchObject({ data: { user: 'John' } })
    await client.close()
  })

  it('[S0-032 S0-014 S0-012] a system alert goes on demand to a Slack hook', async () => {
    const outcomes = await Notification.route(
      'slack',
      'https://hooks.slack.com/services/T/B/X',
    ).notify(new SystemAlertNotification('Server restart required'))
    expect(outcomes.sent.map(({ channel }) => channel)).toEqual(['slack'])
    expect(outcomes.skipped.map(({ reason }) => reason)).toContain('no_address')
  })
})
