import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type Channel,
  currentLocale,
  EventListener,
  inbox,
  Notifiable,
  Notification,
  NotificationSending,
  NotificationSent,
} from '../../../src/index.ts'
import { EACH_STORE, type StoreServer } from '../../support/each-store.ts'
import { type OwnBelfry, startOwn } from '../../support/own-belfry.ts'
import { waitFor } from '../../support/wait-for.ts'

class Person extends Notifiable() {
  readonly id: string
  readonly email: string
  readonly phone = '+12025550123'

  constructor(id: string) {
    super()
    this.id = id
    this.email = `${id}@example.com`
  }

  routeNotificationForFax() {
    return `fax of ${this.id}`
  }
}

/** What classes, listeners and channels were asked, in order. */
const heard: string[] = []
const heardOf = (word: string) => heard.filter((each) => each.startsWith(word))

class Parcel extends Notification<Person> {
  readonly number: number
  readonly channels: readonly Channel[]

  constructor(number: number, ...channels: Channel[]) {
    super()
    this.number = number
    this.channels = channels
  }

  via() {
    return this.channels
  }
  override toArray() {
    return { title: `Parcel ${this.number}`, message: 'It is here.' }
  }
  override toMail() {
    return { subject: `${currentLocale()} ${this.number}`, line: 'It is here.' }
  }
  override toSms() {
    return { content: `Parcel ${this.number}` }
  }
  toFax() {
    return { number: this.number }
  }
  override shouldSend(_to: Person, channel: string) {
    heard.push(`asked ${this.number} ${channel}`)
    return true
  }
  override afterSending(to: Person, channel: string) {
    heard.push(`sent ${this.number} ${channel} to ${to.id}`)
  }
  override failed(error: Error, _to: Person, channel: string) {
    heard.push(`failed ${this.number} ${channel}: ${error.message}`)
  }
}

class Late extends Parcel {
  override withDelay(_to: Person, channel: string) {
    return channel === 'sms' ? 7200 : null
  }
  override viaQueues() {
    return { mail: 'parcel-mails' }
  }
}

class Once extends Parcel {
  override deduplicationId() {
    return String(this.number)
  }
}

/** Tried until its time is over, however few tries it would get else. */
class Stubborn extends Parcel {
  override readonly tries = 1
  readonly until = Date.now() + 4000
  override backoff() {
    return 0.05
  }
  override retryUntil() {
    return new Date(this.until)
  }
}

class Slow extends Parcel {
  override readonly tries = 1
  override readonly timeout = 0.1
}

/** Fails as often as the payload says. */
class Unsteady extends EventListener<{ n: number; fails: number }> {
  override shouldQueue = true
  override queueName = 'unsteady'
  override tries = 3

  handle({ n, fails }: { n: number; fails: number }) {
    heard.push(`unsteady ${n}`)
    if (heardOf(`unsteady ${n}`).length <= fails) throw new Error('not yet')
  }
  override failed({ n }: { n: number }, error: Error) {
    heard.push(`gave up ${n}: ${error.message}`)
  }
  override backoff() {
    return 0
  }
}

describe.each(EACH_STORE)('notification classes and listeners on the store: $kind', (store) => {
  let server: StoreServer
  let belfry: OwnBelfry
  let people = 0
  const person = () => new Person(`${store.kind}-${++people}`)
  const fresh = () => ++people * 1000
  const delivery = (id: string | null | undefined, channel: string) =>
    belfry.app.services.queues.delivery(`${id}.${channel}`)
  const ended = (id: string | null | undefined, channel: string) =>
    waitFor(async () => {
      const job = await delivery(id, channel)
      return job.status !== 'queued' && job.status !== 'sending' && job
    })

  beforeAll(async () => {
    heard.length = 0
    server = await store.start()
    belfry = await startOwn({
      env: server.url === null ? {} : { REDIS_URL: server.url },
      notifications: [Parcel, Late, Once, Stubborn, Slow],
      channels: {
        fax: {
          async send({ message, address, signal }) {
            const { number = 0 } = message as { number?: number }
            heard.push(`fax ${number} ${address}`)
            if (number < 0) throw new Error('engaged')
            if (number === 7) await new Promise((_, reject) => (signal.onabort = reject))
            if (number === 8) await new Promise(() => {})
          },
        },
      },
    })
  })
  afterAll(async () => {
    await belfry?.[Symbol.asyncDispose]()
    await server?.stop()
  })

  it('[S0-008 S0-017 S0-029 S4.1] a class speaks on each channel, is asked in the worker, and told afterwards', async () => {
    const ada = person()
    const n = fresh()
    await belfry.app.services.directory.savePreferences(ada.id, { sms: true })
    const { all } = await ada.notify(new Parcel(n, 'database', 'mail', 'sms', 'fax'))
    expect(all.map(({ status }) => status)).toEqual(['sent', 'queued', 'queued', 'queued'])
    await waitFor(() => heardOf(`sent ${n} `).length === 4)
    for (const channel of ['database', 'mail', 'sms', 'fax']) {
      expect(heardOf(`asked ${n} ${channel}`)).toHaveLength(1)
      expect(heard).toContain(`sent ${n} ${channel} to ${ada.id}`)
    }
    expect(heard).toContain(`fax ${n} fax of ${ada.id}`)
    expect(await inbox(ada).unread().count()).toBe(1)
  })

  it('[S0-075 S0-079] viaQueues beats onQueue; withDelay beats delay by channel, that beats delay for all', async () => {
    const ada = person()
    await belfry.app.services.directory.savePreferences(ada.id, { sms: true })
    const said = new Late(fresh(), 'mail', 'sms', 'fax').onQueue('parcels')
    const { all } = await ada.notify(said.delay({ mail: 3600, sms: 60 }))
    const id = all[0]?.notificationId
    const waits = async (channel: string) => {
      const { send_at, created_at, queue } = await delivery(id, channel)
      return [queue, Math.round(send_at - created_at)]
    }
    expect(await waits('email')).toEqual(['parcel-mails', 3600])
    expect(await waits('sms')).toEqual(['parcels', 7200])
    expect(await waits('fax')).toEqual(['parcels', 0])
    expect((await ended(id, 'fax')).status).toBe('sent')
    const again = await ada.notify(new Late(fresh(), 'mail', 'sms').delay(30))
    const job = await delivery(again.all[0]?.notificationId, 'email')
    expect(Math.round(job.send_at - job.created_at)).toBe(30)
  })

  it('[S1-055] retryUntil goes on when tries are used up, and ends; failed() is called once', async () => {
    const n = -fresh()
    const { all } = await person().notify(new Stubborn(n, 'fax'))
    const { status, attempts } = await ended(all[0]?.notificationId, 'fax')
    expect(status).toBe('failed')
    expect(attempts).toBeGreaterThan(2)
    await waitFor(() => heardOf(`failed ${n} fax: engaged`).length > 0)
    expect(heardOf(`failed ${n} fax: engaged`)).toHaveLength(1)
  })

  it.each([7, 8])('a try that takes longer than timeout has failed (%i)', async (n) => {
    const { all } = await person().notify(new Slow(n, 'fax'))
    const { status, history } = await ended(all[0]?.notificationId, 'fax')
    expect(status).toBe('failed')
    expect(history.at(-1)?.reason).toBe('took longer than 0.1 s')
  })

  it('deduplicationId: the same again has no effect, and says so', async () => {
    const ada = person()
    const n = fresh()
    const first = await ada.notify(new Once(n, 'database', 'mail'))
    const again = await ada.notify(new Once(n, 'database', 'mail'))
    expect(first.sent).toHaveLength(2)
    const { notificationId } = first.all[0]!
    expect(again.all).toMatchObject([
      { channel: 'database', status: 'skipped', reason: 'duplicate', notificationId },
      { channel: 'email', status: 'skipped', reason: 'duplicate', notificationId },
    ])
    await ended(notificationId, 'email')
    expect(await inbox(ada).count()).toBe(1)
    await waitFor(() => heardOf(`sent ${n} mail`).length > 0)
    expect(heardOf(`sent ${n} database`)).toHaveLength(1)
    expect(heardOf(`sent ${n} mail`)).toHaveLength(1)
    const to = () => Notification.route('mail', 'guest@example.com')
    await to().notify(new Once(n, 'mail') as never)
    expect((await to().notify(new Once(n, 'mail') as never)).all).toMatchObject([
      { status: 'skipped', reason: 'duplicate' },
    ])
  })

  it('[G-23] a listener of NotificationSending that answers false keeps it, and the trace says who', async () => {
    const ada = person()
    const n = fresh()
    const { events, url } = belfry.app
    using _first = events.listen(NotificationSending, () => true)
    using _ = events.listen(NotificationSending, function noMails({ notification, channel }) {
      return (notification as Parcel).number === n && channel !== 'database' ? false : undefined
    })
    const { all } = await ada.notify(new Parcel(n, 'database', 'realtime', 'mail'))
    expect(all).toMatchObject([
      { channel: 'database', status: 'sent' },
      { channel: 'realtime', status: 'skipped', reason: 'vetoed by listener noMails' },
      { channel: 'email', status: 'queued' },
    ])
    const id = all[0]?.notificationId
    await ended(id, 'email')
    const { deliveries } = (await (await fetch(`${url}/api/notifications/${id}/trace`)).json()) as {
      deliveries: { channel: string }[]
    }
    const of = (channel: string) => deliveries.find((each) => each.channel === channel)
    expect(of('email')).toMatchObject({ status: 'skipped', reason: 'vetoed by listener noMails' })
    expect(of('realtime')).toMatchObject({ reason: 'vetoed by listener noMails' })
  })

  it('sendNow: out when it resolves, on the channels that are named', async () => {
    const ada = person()
    const n = fresh()
    const sent: string[] = []
    using _ = belfry.app.events.listen(NotificationSent, ({ channel, notification }) => {
      if ((notification as Parcel).number === n) sent.push(channel)
    })
    const { all } = await Notification.sendNow(ada, new Parcel(n, 'database'), ['mail', 'fax'])
    expect(all).toMatchObject([
      { channel: 'email', status: 'sent' },
      { channel: 'fax', status: 'sent' },
    ])
    expect(sent.toSorted()).toEqual(['fax', 'mail'])
    expect(await inbox(ada).count()).toBe(0)
  })

  it('Notification.locale(): words in the language that was asked for, also in the worker', async () => {
    const ada = person()
    const n = fresh()
    await Notification.locale('fr').send(ada, new Parcel(n, 'mail'))
    await waitFor(async () => {
      const mails = await belfry.outbox('email')
      return mails.some(({ subject }) => subject === `fr ${n}`)
    })
  })

  it('[S0-037 S0-043 S0-044] a queued listener is asked again until it is done, or failed() is told once', async () => {
    using _ = belfry.app.events.listen('parcel.moved', Unsteady)
    const [steady, hopeless] = [fresh(), fresh()]
    await belfry.app.events.dispatch('parcel.moved', { n: steady, fails: 2 })
    await belfry.app.events.dispatch('parcel.moved', { n: hopeless, fails: 9 })
    await waitFor(() => heardOf(`unsteady ${steady}`).length === 3)
    await waitFor(() => heard.includes(`gave up ${hopeless}: not yet`))
    expect(heardOf(`unsteady ${hopeless}`)).toHaveLength(3)
    expect(heardOf('gave up')).toEqual([`gave up ${hopeless}: not yet`])
  })

  it('uniqueId and debounceFor: of many calls one is made', async () => {
    const calls: string[] = []
    const { events } = belfry.app
    const options = { queue: 'moves', delay: 1.5 }
    using _ = events.listen<{ id: number }>(
      'stock.moved',
      function recount({ id }) {
        calls.push(`recount ${id}`)
      },
      { ...options, uniqueId: ({ id }) => String(id) },
    )
    using __ = events.listen<{ id: number; n: number }>(
      'stock.moved',
      function redraw({ n }) {
        calls.push(`redraw ${n}`)
      },
      { queue: 'moves', debounceFor: 1.5, uniqueId: () => 'board' },
    )
    for (let n = 1; n <= 5; n++) await events.dispatch('stock.moved', { id: n % 2, n })
    await waitFor(() => calls.length >= 3)
    expect(calls.toSorted()).toEqual(['recount 0', 'recount 1', 'redraw 5'])
  })

  it('[S0-081] counts everything, in whatever partition it was', async () => {
    const { statistics } = belfry.app.services
    const day = new Date().toISOString().slice(0, 10)
    const people = Array.from({ length: 40 }, person)
    class Tally extends Parcel {
      override databaseType() {
        return 'tally'
      }
    }
    await Notification.send(people, new Tally(1, 'database', 'realtime'))
    const report = await statistics.report({ from: day, to: day, type: 'tally' })
    expect(report.by_channel).toMatchObject({ inbox: { sent: 40 }, realtime: { sent: 40 } })
    expect(report.total.sent).toBe(80)
  })

  it('a channel of your own that a plain message names gets its words', async () => {
    const user = person().id
    const { services } = belfry.app
    const answer = await fetch(`${belfry.app.url}/api/notifications`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ to: `user:${user}`, message: 'By fax', channels: ['fax'] }),
    })
    const { notifications } = (await answer.json()) as {
      notifications: { notification_id: string; channels: string[] }[]
    }
    expect(notifications).toMatchObject([{ channels: ['fax'] }])
    await waitFor(() => heard.includes(`fax 0 ${user}`))
    expect(await services.inbox.unreadCount(user)).toBe(1)
  })
})
