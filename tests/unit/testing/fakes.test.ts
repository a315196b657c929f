import { describe, expect, expectTypeOf, it } from 'vitest'
import {
  DirectMessageNotification,
  MarketingCampaignNotification,
  OrderShippedNotification,
  WelcomeNotification,
} from '../../../notifications/index.ts'
import {
  Broadcast,
  Event,
  EventListener,
  listen,
  type MailMessage,
  Notifiable,
  Notification,
  type PushMessage,
  ShouldBroadcast,
} from '../../../src/index.ts'
import {
  BroadcastFake,
  EventFake,
  NotificationFake,
  QueueFake,
} from '../../../src/testing/index.ts'

class User extends Notifiable() {
  readonly id: string
  constructor(id: string) {
    super()
    this.id = id
  }
}

class UserRegistered extends Event {
  readonly user: User
  constructor(user: User) {
    super()
    this.user = user
  }
}
class UserDeleted extends Event {}

describe('[S0-072 S0-073] the seed writes its tests with the classes alone', () => {
  it('asks the fake that is in place', async () => {
    const fakes = [NotificationFake.fake(), EventFake.fake()]
    const user = new User('ada')
    await Event.dispatch(new UserRegistered(user))
    await user.notify(new WelcomeNotification('Ada'))

    NotificationFake.assertSentTo(user, WelcomeNotification, ({ userName }) => userName === 'Ada')
    NotificationFake.assertSentTimes(WelcomeNotification, 1)
    NotificationFake.assertNotSent(OrderShippedNotification)
    expectTypeOf(NotificationFake.sent(user, WelcomeNotification)).toEqualTypeOf<
      readonly WelcomeNotification[]
    >()
    EventFake.assertDispatched(UserRegistered, (event) => event.user === user)
    EventFake.assertDispatchedTimes(UserRegistered, 1)
    EventFake.assertNotDispatched(UserDeleted)
    expect(() => NotificationFake.assertNothingSent()).toThrow('Something was sent')
    expect(() => EventFake.assertDispatched(UserDeleted)).toThrow('was not dispatched')
    for (const fake of fakes) fake[Symbol.dispose]()
  })

  it('says what is missing where there is none', () => {
    expect(() => NotificationFake.assertNothingSent()).toThrow('say NotificationFake.fake() first')
    expect(() => EventFake.assertNothingDispatched()).toThrow('say EventFake.fake() first')
  })
})

describe('[S0-072] NotificationFake', () => {
  it('knows what was sent to whom', async () => {
    using fake = NotificationFake.fake()
    const ada = new User('ada')
    await ada.notify(new WelcomeNotification('Ada'))
    await Notification.send(
      ['ada', 'grace'],
      new DirectMessageNotification({ title: 'T', message: 'M' }),
    )
    fake.assertSentTo(ada, WelcomeNotification)
    fake.assertSentTo(ada, WelcomeNotification, (one, channels) => {
      return one.userName === 'Ada' && channels.includes('mail')
    })
    fake.assertSentTo([ada, 'grace'], DirectMessageNotification)
    fake.assertSentTimes(WelcomeNotification, 1)
    fake.assertSentToTimes(ada, WelcomeNotification, 1)
    fake.assertNotSent(OrderShippedNotification)
    fake.assertNotSentTo('grace', WelcomeNotification)
    fake.assertNothingSentTo('linus')
    fake.assertCount(3)
    expect(fake.hasSent('ada', WelcomeNotification)).toBe(true)
    expect(fake.sent('ada', WelcomeNotification)[0]?.userName).toBe('Ada')
  })

  it('says what was there when something is missing', async () => {
    using fake = NotificationFake.fake()
    await new User('ada').notify(new WelcomeNotification('Ada'))
    expect(() => fake.assertSentTo('ada', OrderShippedNotification)).toThrow(
      'OrderShippedNotification was not sent to ada. Sent were: WelcomeNotification to ada by database, mail.',
    )
    expect(() => fake.assertNothingSent()).toThrow('Something was sent.')
    expect(() => fake.assertSentTimes(WelcomeNotification, 2)).toThrow('was sent 1 times, not 2')
  })

  it('asks via and shouldSend: who does not want it is sent nothing', async () => {
    using fake = NotificationFake.fake()
    const campaign = { name: 'Sale', text: 'x', url: 'https://a.example', isUrgent: true }
    const wanting = { id: 'w', marketingEmailsEnabled: true, phone: null }
    await Notification.send([{ id: 'n' }, wanting], new MarketingCampaignNotification(campaign))
    fake.assertNothingSentTo('n')
    fake.assertSentTo('w', MarketingCampaignNotification, (_, channels) => {
      return channels.join() === 'mail'
    })
  })

  it('takes what goes on demand', async () => {
    using fake = NotificationFake.fake()
    const to = Notification.route('mail', 'a@example.com').route('sms', '+12025550123')
    await to.notify(new WelcomeNotification('Guest'))
    fake.assertSentOnDemand(WelcomeNotification, (_, __, routes) => 'sms' in routes)
    fake.assertSentOnDemandTimes(WelcomeNotification, 1)
  })

  it('gives back what it took', () => {
    {
      using _ = NotificationFake.fake()
    }
    expect(() => Notification.send('x', new WelcomeNotification('x'))).toThrow('createApp()')
  })
})

describe('[S0-073] EventFake', () => {
  it('knows what happened, and nobody listens', async () => {
    let heard = 0
    using listening = listen(UserRegistered, () => void heard++)
    using fake = EventFake.fake()
    await Event.dispatch(new UserRegistered(new User('ada')))
    fake.assertDispatched(UserRegistered)
    fake.assertDispatched(UserRegistered, ({ user }) => user.id === 'ada')
    fake.assertDispatchedTimes(UserRegistered, 1)
    fake.assertDispatchedOnce('user.registered')
    fake.assertNotDispatched(UserDeleted)
    expect(heard).toBe(0)
    expect(() => fake.assertDispatched(UserDeleted)).toThrow(
      'UserDeleted was not dispatched. Dispatched were: user.registered.',
    )
    expect(() => fake.assertNothingDispatched()).toThrow('Something was dispatched.')
    listening.forget()
  })

  it('assertListening() knows who was declared', () => {
    class SendWelcomeEmail extends EventListener<UserRegistered> {
      handle() {}
    }
    using fake = EventFake.fake()
    using _ = listen(UserRegistered, SendWelcomeEmail)
    fake.assertListening(UserRegistered, SendWelcomeEmail)
    expect(() => fake.assertListening(UserDeleted, SendWelcomeEmail)).toThrow(
      'SendWelcomeEmail does not listen to UserDeleted: nobody does.',
    )
  })

  it('takes those alone that it was asked to take', async () => {
    let heard = 0
    using queue = QueueFake.fake()
    using _ = listen(UserDeleted, () => void heard++)
    using fake = EventFake.fake([UserRegistered])
    await Event.dispatch(new UserDeleted())
    fake.assertNothingDispatched()
    expect(heard).toBe(1)
    queue.assertNothingPushed()
  })
})

describe('QueueFake and BroadcastFake', () => {
  it('keeps calls of queued listeners until they are run', async () => {
    const indexed: string[] = []
    using queue = QueueFake.fake()
    using _ = listen(
      UserRegistered,
      function indexUser({ user }) {
        indexed.push(user.id)
      },
      { queue: 'content' },
    )
    await Event.dispatch(new UserRegistered(new User('ada')))
    queue.assertPushed('indexUser', { queue: 'content', times: 1 })
    expect(() => queue.assertPushed('other')).toThrow('Queued were: indexUser in content.')
    expect(indexed).toEqual([])
    await queue.run()
    expect(indexed).toEqual(['ada'])
    queue.assertNothingPushed()
  })

  it('takes broadcasts', async () => {
    using fake = BroadcastFake.fake()
    await Broadcast.private('user.42').send('order.shipped', { id: 7 })
    fake.assertSent('private-user.42', 'order.shipped', (data) => (data as { id: number }).id === 7)
    fake.assertNotSent('private-user.42', 'order.lost')
    expect(() => fake.assertSent('x', 'y')).toThrow(
      'y was not broadcast on x. Broadcast were: order.shipped on private-user.42.',
    )
  })
})

describe('types', () => {
  it('a wrong message does not compile', () => {
    class Wrong extends Notification {
      via() {
        return ['mail', 'push']
      }
      override toMail(): MailMessage {
        // @ts-expect-error a button needs a place to lead to
        return { subject: 'x', actionText: 'Press' }
      }
      override toPush(): PushMessage {
        // @ts-expect-error data of push notifications are texts
        return { title: 't', data: { count: 1 } }
      }
      // @ts-expect-error there is no such field
      override toSms() {
        return { contents: 'x' }
      }
    }
    expectTypeOf(new Wrong().via()).toEqualTypeOf<string[]>()
  })

  it('notifications for customers are not for anybody', () => {
    class ForUser extends Notification<User> {
      via(to: User) {
        expectTypeOf(to.id).toEqualTypeOf<string>()
        return []
      }
    }
    using _ = NotificationFake.fake()
    // @ts-expect-error a number is nobody
    void Notification.send(42, new ForUser())
    // @ts-expect-error whoever it is lacks what a user has
    void Notification.send({ email: 'x' }, new ForUser())
    void new User('a').notify(new ForUser())
  })

  it('listeners know their event', () => {
    using _ = listen(UserRegistered, (event) => {
      expectTypeOf(event).toEqualTypeOf<UserRegistered>()
    })
    class MessageSent extends ShouldBroadcast(Event) {
      override broadcastOn() {
        return ['chat.room.1']
      }
    }
    expectTypeOf(new MessageSent().timestamp).toEqualTypeOf<string>()
  })
})
