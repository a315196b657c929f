import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type DatabaseMessage,
  inbox,
  type JobMiddleware,
  type MailMessage,
  mail,
  Notifiable,
  Notification,
  notifiable,
  Release,
  type SmsMessage,
} from '../../../src/index.ts'
import { type OwnBelfry, startOwn } from '../../support/own-belfry.ts'
import { waitFor } from '../../support/wait-for.ts'

class User extends Notifiable() {
  readonly id: string
  readonly email: string
  readonly phone: string | null

  constructor(id: string, phone: string | null = null) {
    super()
    this.id = id
    this.email = `${id}@example.com`
    this.phone = phone
  }
}

/** What hooks were called with, across process-wide static state of the class. */
const heard: string[] = []

class Welcome extends Notification<User> {
  readonly name: string

  constructor(name: string) {
    super()
    this.name = name
  }

  via() {
    return ['database', 'mail', 'sms']
  }

  override toDatabase(): DatabaseMessage {
    return { title: 'Welcome!', message: `Hello, ${this.name}!`, icon: 'welcome', actionUrl: '/d' }
  }

  override toMail(): MailMessage {
    return {
      subject: `Welcome ${this.name}!`,
      greeting: `Hello ${this.name}!`,
      line: 'Welcome to our platform.',
      actionText: 'Get Started',
      actionUrl: 'https://app.example.com/dashboard',
      lines: ['We are excited to have you on board!'],
      salutation: 'Best regards',
    }
  }

  override toSms(): SmsMessage {
    return { content: `Hi ${this.name}` }
  }

  override shouldSend(_to: User, channel: string) {
    heard.push(`shouldSend ${channel}`)
    return channel !== 'sms'
  }

  override afterSending(to: User, channel: string) {
    heard.push(`afterSending ${channel} ${to.email}`)
  }
}

class Broken extends Notification<User> {
  via() {
    return ['mail', 'sms', 'database']
  }

  override toMail(): MailMessage {
    throw new Error('no words')
  }

  override toSms(): SmsMessage {
    return { content: 'still here' }
  }

  override toDatabase(): DatabaseMessage {
    return { title: 'T', message: 'M' }
  }

  override failed(error: Error, _to: User, channel: string) {
    heard.push(`failed ${channel}: ${error.message}`)
  }
}

describe('notification classes in a running service', () => {
  let belfry: OwnBelfry

  beforeAll(async () => {
    belfry = await startOwn({ queues: { 'bulk*': 'bulk' } })
  })
  afterAll(() => belfry?.[Symbol.asyncDispose]())

  it('[S0-008 S0-009 S0-010 S0-011 S0-017 S0-029] user.notify() reaches inbox and mail; shouldSend keeps the text message', async () => {
    const ada = new User('ada', '+12025550123')
    const outcomes = await ada.notify(new Welcome('Ada'))
    expect(outcomes.all).toMatchObject([
      { channel: 'database', status: 'sent' },
      { channel: 'email', status: 'queued' },
      { channel: 'sms', status: 'skipped', reason: 'preference' },
    ])
    const [record] = (await inbox(ada).unread().paginate(15)).data
    expect(record).toMatchObject({
      title: 'Welcome!',
      message: 'Hello, Ada!',
      type: 'welcome',
      data: { icon: 'welcome', action_url: '/d' },
      read_at: null,
    })
    const [sent] = await belfry.outbox('email')
    expect(sent).toMatchObject({ to: 'ada@example.com', subject: 'Welcome Ada!' })
    expect(sent?.text).toContain('Welcome to our platform.')
    expect(sent?.html).toContain('https://app.example.com/dashboard')
    await waitFor(() => heard.includes('afterSending mail ada@example.com'))
    expect(heard).toContain('afterSending database ada@example.com')
  })

  it('[G-17] one channel that throws leaves the others delivered', async () => {
    const grace = new User('grace', '+12025550124')
    await belfry.app.services.directory.savePreferences('grace', { sms: true })
    const outcomes = await grace.notify(new Broken())
    expect(outcomes.failed).toMatchObject([{ channel: 'email', reason: 'render_failed' }])
    expect(outcomes.sent.map(({ channel }) => channel).toSorted()).toEqual(['database', 'sms'])
    expect(heard).toContain('failed mail: no words')
    const [text] = await belfry.outbox('sms')
    expect(text).toMatchObject({ to: '+12025550124', text: 'still here' })
  })

  it('[S0-031] goes on demand to addresses alone, with a name for mail', async () => {
    class Plain extends Notification {
      via() {
        return ['mail', 'sms', 'database']
      }
      override toMail() {
        return mail('Hello').line('one').action('Look', 'https://a.example').line('two')
      }
      override toSms() {
        return { content: 'short' }
      }
    }
    const outcomes = await Notification.route('mail', { 'guest@example.com': 'A Guest' })
      .route('sms', '+12025550199')
      .notify(new Plain())
    expect(outcomes.all).toMatchObject([
      { channel: 'email', status: 'queued', userId: null },
      { channel: 'sms', status: 'queued' },
    ])
    const mails = await belfry.outbox('email', 2)
    expect(mails.at(-1)).toMatchObject({ to: 'A Guest <guest@example.com>', subject: 'Hello' })
    expect(() => Notification.route('database', 'x')).toThrow('does not support on-demand')
  })

  it('[S0-030 S0-024] goes to many, objects and ids of the directory alike', async () => {
    await belfry.app.services.directory.save('linus', { email: 'linus@example.com' })
    const plain = notifiable({ id: 'barbara', email: 'barbara@example.com' })
    class News extends Notification {
      via() {
        return ['database']
      }
      override toArray() {
        return { title: 'News', message: 'There are some.' }
      }
    }
    const { sent } = await Notification.send([plain, 'linus'], new News())
    expect(sent.map(({ userId }) => userId)).toEqual(['barbara', 'linus'])
    const set = inbox('linus').unread()
    expect(await set.count()).toBe(1)
    expect(await set.markAsRead()).toBe(1)
    expect(await set.count()).toBe(0)
  })

  it('[S0-075] a type has its queue, whoever sends it; what the class says of itself wins', async () => {
    class BulkOffer extends Notification<User> {
      via() {
        return ['mail', 'sms']
      }
      override toMail() {
        return { subject: 'Offer', line: 'x' }
      }
      override toSms() {
        return { content: 'Offer' }
      }
      override viaQueues() {
        return { sms: 'texts' }
      }
    }
    const { directory, queues, queueNames } = belfry.app.services
    const hugo = new User('hugo', '+12025550125')
    await directory.savePreferences('hugo', { sms: true })
    await directory.save('hugo', { email: 'hugo@example.com' })
    expect(queueNames.own).toContain('bulk')
    const { all } = await hugo.notify(new BulkOffer())
    const id = all[0]?.notificationId
    expect(await queues.delivery(`${id}.email`)).toMatchObject({ queue: 'bulk' })
    expect(await queues.delivery(`${id}.sms`)).toMatchObject({ queue: 'texts' })
    const posted = await fetch(`${belfry.app.url}/api/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ to: 'user:hugo', type: 'bulk.news', message: 'News', channels: ['email'] },
      }),
    })
    const { notifications } = (await posted.json()) as { notifications: object[] }
    const [sent] = notifications as { notification_id: string }[]
    const delivery = () => queues.delivery(`${sent?.notification_id}.email`)
    expect(await delivery()).toMatchObject({ queue: 'bulk', channel: 'email' })
    await waitFor(async () => (await delivery()).status === 'sent')
    const trace = await fetch(
      `${belfry.app.url}/api/notifications/${sent?.notification_id}/trace?user_id=hugo`,
    )
    expect(await trace.json()).toMatchObject({ deliveries: [{ channel: 'email', status: 'sent' }] })
  })

  it('middleware(): steps around the provider, which may keep it, or have it tried again', async () => {
    class Guarded extends Broken {
      override toMail() {
        return { subject: 'Guarded', line: 'x' }
      }
      override via() {
        return ['mail', 'sms']
      }
      override backoff() {
        return 0.05
      }
      override middleware(_to: User, channel: string): readonly JobMiddleware[] {
        return [
          async (_context, next) => {
            heard.push(`outer ${channel}`)
            await next()
            heard.push(`done ${channel}`)
            if (channel === 'mail') throw new Error('said once it is out')
          },
          async ({ channel: word }, next) => {
            if (word === 'sms') return
            if (heard.filter((each) => each === 'outer mail').length < 2) throw new Error('later')
            await next()
          },
        ]
      }
    }
    const { directory, queues } = belfry.app.services
    await directory.savePreferences('iris', { sms: true })
    const { all } = await new User('iris', '+12025550126').notify(new Guarded())
    const ended = (name: string, status: string) =>
      waitFor(async () => {
        const job = await queues.delivery(`${all[0]?.notificationId}.${name}`)
        return job.status === status && job
      })
    expect((await ended('sms', 'skipped')).history.at(-1)).toMatchObject({ reason: 'middleware' })
    expect((await ended('email', 'sent')).history).toMatchObject([
      { outcome: 'retry', reason: 'later' },
      { outcome: 'sent' },
    ])
    const words = heard.filter((each) => /^(outer|done) mail/.test(each))
    expect(words).toEqual(['outer mail', 'outer mail', 'done mail'])
  })
  it('maxExceptions: a step may put it back as often as it is tried, but it may fail only so often', async () => {
    class Patient extends Broken {
      override tries = 9
      override maxExceptions = 2
      override via() {
        return ['sms']
      }
      override backoff() {
        return 0.05
      }
      override middleware(): readonly JobMiddleware[] {
        return [
          async () => {
            heard.push('patient')
            const count = heard.filter((each) => each === 'patient').length
            throw count % 2 === 1 ? new Release(0.05) : new Error(`no ${count}`)
          },
        ]
      }
    }
    const { directory, queues } = belfry.app.services
    await directory.savePreferences('jane', { sms: true })
    const { all } = await new User('jane', '+12025550127').notify(new Patient())
    const job = await waitFor(async () => {
      const job = await queues.delivery(`${all[0]?.notificationId}.sms`)
      return job.status === 'failed' && job
    })
    expect(job.history.map(({ reason }) => reason)).toEqual([
      ...['put back for 0.05 s', 'no 2', 'put back for 0.05 s', 'no 4'],
    ])
    expect(heard).toContain('failed sms: no 4')
  })
  it('preferences of a class count where neither the user nor his tenant has said anything', async () => {
    class Rare extends Broken {
      override preferences = { sms: true, mail: false, database: false }
      override toMail() {
        return { subject: 'Rare', line: 'x' }
      }
    }
    const { directory, preferenceDefaults } = belfry.app.services
    const to = new User('kim', '+12025550128')
    const sent = async () => {
      const { sent: outcomes } = await to.notify(new Rare())
      return outcomes.map(({ channel }) => channel).toSorted()
    }
    expect(await sent()).toEqual(['sms'])
    await preferenceDefaults.save({ email: true })
    expect(await sent()).toEqual(['email', 'sms'])
    await directory.savePreferences('kim', { sms: false, database: true })
    expect(await sent()).toEqual(['database', 'email'])
    await preferenceDefaults.save({})
  })
  it('a class asks for a throttle, a digest and a fallback as messages do', async () => {
    class Comment extends Notification<User> {
      readonly doc: string
      readonly text: string
      override digest = { window: 1, key: 'doc', lookBack: 60 }
      override tags = ['comments']
      constructor(doc: string, text: string) {
        super()
        this.doc = doc
        this.text = text
      }
      via() {
        return ['database']
      }
      override toDatabase(): DatabaseMessage {
        return { title: 'Comment', message: this.text, doc: this.doc }
      }
    }
    const lena = new User('lena')
    const said = async (doc: string, text: string) => {
      const { all } = await lena.notify(new Comment(doc, text))
      return all.map(({ status, reason }) => reason ?? status)
    }
    expect(await said('a', 'one')).toEqual(['sent'])
    expect(await said('a', 'two')).toEqual(['digest'])
    expect(await said('b', 'other')).toEqual(['sent'])
    expect(await said('a', 'three')).toEqual(['digest'])
    const found = await waitFor(async () => {
      const all = await inbox(lena).unread().get()
      return all.length === 3 && all
    })
    const [digest] = found
    expect(digest).toMatchObject({ title: 'Comment (2)', data: { total_count: 2 } })

    class Once extends Comment {
      override digest = undefined as never
      override throttle = { window: 60 }
      override fallback = { after: 1, unless: 'read' as const, channels: ['mail'] }
    }
    const { sent } = await lena.notify(new Once('c', 'first'))
    expect((await lena.notify(new Once('c', 'second'))).skipped).toMatchObject([
      { reason: 'throttled' },
    ])
    const { queues, directory } = belfry.app.services
    await directory.save('lena', { email: 'lena@example.com' })
    const mail = `${sent[0]?.notificationId}.email`
    await waitFor(async () => (await queues.delivery(mail)).status === 'sent')

    class Never extends Comment {
      override digest = { window: 1, cron: '* * * * *', key: 'doc', lookBack: 60 }
    }
    const { failed } = await lena.notify(new Never('d', 'x'))
    expect(failed[0]?.error?.message).toContain('either window')
  })
})
