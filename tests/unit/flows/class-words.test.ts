import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { composeMail } from '../../../services/channels/email-compose.ts'
import { TemplateBody } from '../../../services/templates/template-body.ts'
import { type MailMessage, mail, Notification } from '../../../src/index.ts'
import { FlowBench, HOUR_MS, MINUTE_MS } from '../../support/flow-bench.ts'

class Comment extends Notification {
  readonly text: string

  constructor(text: string) {
    super()
    this.text = text
  }
  via(): string[] {
    return ['database', 'mail', 'sms', 'push', 'webhook']
  }
  override databaseType() {
    return 'comment'
  }
  override toDatabase() {
    return { title: 'Comment', message: `in the app: ${this.text}` }
  }
  override toMail(): MailMessage {
    return {
      ...{ subject: `Mail ${this.text}`, greeting: 'Hello', line: `by mail: ${this.text}` },
      ...{ actionText: 'Open', actionUrl: 'https://a.example/1' },
      attachments: [{ filename: 'a.bin', content: new Uint8Array([0, 255, 7]) }],
    }
  }
  override toSms() {
    return { content: `sms: ${this.text}` }
  }
  override toPush() {
    return { title: 'Push', body: `push: ${this.text}`, data: { doc: 'a' } }
  }
}

class Digested extends Comment {
  override digest = { window: 600 }
}

let bench: FlowBench
beforeEach(async () => {
  bench = new FlowBench()
  const { directory, lifecycle } = bench.services
  lifecycle.load([Comment, Digested])
  await directory.save('ada', {
    ...{ email: 'ada@example.com', phone: '+12025550123' },
    devices: [{ platform: 'android', token: 't' }],
  })
  await directory.savePreferences('ada', { sms: true })
})
afterEach(() => bench.store.close())

const notify = (notification: Notification) => bench.services.notifier.send('ada', notification)
const job = async (channel: string) => (await bench.jobs(channel))[0]

describe('[S0-074 S0-076] a digest of a notification class', () => {
  it('of one is sent as it was said, to each channel', async () => {
    await notify(new Digested('one'))
    await bench.pass(10 * MINUTE_MS)
    expect(await job('email')).toMatchObject({
      ...{ to: 'ada@example.com', subject: 'Mail one', body: 'by mail: one' },
      mail: { greeting: 'Hello', actions: [{ label: 'Open', url: 'https://a.example/1' }] },
      attachments: [{ filename: 'a.bin', content: 'AP8H' }],
      said: { notification: { class: 'Digested' } },
    })
    expect(await job('sms')).toMatchObject({ message: 'sms: one' })
    expect(await job('push')).toMatchObject({ title: 'Push', body: 'push: one' })
    const [record] = await bench.inbox('ada')
    expect(record).toMatchObject({ title: 'Comment', message: 'in the app: one', type: 'comment' })
  })

  it('of several is made of what it says on each channel', async () => {
    for (const text of ['one', 'two', 'three']) await notify(new Digested(text))
    await bench.pass(10 * MINUTE_MS)
    expect(await job('email')).toMatchObject({
      subject: 'Mail three (3)',
      body: '• by mail: three\n• by mail: two\n• by mail: one',
    })
    const list = (word: string) => `• ${word}: three\n• ${word}: two\n• ${word}: one`
    expect(await job('sms')).toMatchObject({ message: list('sms') })
    expect(await job('push')).toMatchObject({ title: 'Push (3)', body: list('push') })
    const [record] = await bench.inbox('ada')
    expect(record).toMatchObject({ title: 'Comment (3)', message: list('in the app') })
    expect(JSON.stringify(record?.data)).not.toContain('by mail')
  })

  it('may have a template of its own, which says it on every channel', async () => {
    await bench.services.templates.create(
      TemplateBody.parse({
        ...{ name: 'comments', permitted_params: ['events', 'total_count'] },
        title_template: '{total_count} comments',
        message_template: '{% for event in events %}[{{ event.message }}]{% endfor %}',
        channels: { sms: { message: '{total_count} new' } },
      }),
    )
    class Own extends Digested {
      override digest = { window: 600, template: 'comments' }
    }
    bench.services.lifecycle.load([Own])
    for (const text of ['one', 'two']) await notify(new Own(text))
    await bench.pass(10 * MINUTE_MS)
    const words = '[in the app: one][in the app: two]'
    expect(await job('email')).toMatchObject({ subject: '2 comments', body: words })
    expect(await job('sms')).toMatchObject({ message: '2 new' })
    await notify(new Own('alone'))
    await bench.pass(10 * MINUTE_MS)
    expect(await job('email')).toMatchObject({ subject: 'Mail alone' })
  })

  it('whose template is gone lists what there is', async () => {
    const digest = { windowMs: MINUTE_MS, cron: null, key: null, lookBackMs: null, template: 'no' }
    for (const text of ['one', 'two']) await bench.send('ada', { message: text, digest })
    await bench.pass(MINUTE_MS)
    expect((await bench.inbox('ada'))[0]).toMatchObject({ message: '• two\n• one' })
  })

  it('of a night of quiet hours is made of what it says on each channel', async () => {
    const quiet = { start: '11:00', end: '13:00', days: ['monday' as const, 'tuesday' as const] }
    const hours = {
      is_enabled: true,
      timezone: 'UTC',
      mode: 'digest' as const,
      weekly: null,
      quiet,
    }
    await bench.services.directory.savePreferences('ada', { quiet_hours: hours })
    await notify(new Comment('one'))
    await bench.pass(2 * HOUR_MS)
    expect(await job('sms')).toMatchObject({ message: 'sms: one' })
    expect(await job('email')).toMatchObject({ subject: 'Mail one', mail: { greeting: 'Hello' } })
    bench.clock.advance(22 * HOUR_MS)
    for (const text of ['two', 'three']) await notify(new Comment(text))
    await bench.pass(2 * HOUR_MS)
    expect(await job('sms')).toMatchObject({ message: '• sms: three\n• sms: two' })
    expect(await job('email')).toMatchObject({ subject: 'Mail three (2)' })
  })
})

describe('further channels of a notification class', () => {
  it('a fallback speaks in the words that the class has for the channel, else in those for the app', async () => {
    class Watched extends Comment {
      override fallback = { after: 60, unless: 'read' as const, channels: ['sms', 'slack', 'mail'] }
      override via() {
        return ['database']
      }
    }
    bench.services.lifecycle.load([Watched])
    await bench.services.directory.save('ada', { slack_webhook_url: 'https://hooks.slack.com/x' })
    await notify(new Watched('one'))
    await bench.pass(MINUTE_MS)
    expect(await job('sms')).toMatchObject({ phone: '+12025550123', message: 'sms: one' })
    expect(await job('email')).toMatchObject({
      ...{ subject: 'Mail one', mail: { greeting: 'Hello' } },
      attachments: [{ content: 'AP8H' }],
    })
    expect(await job('slack')).toMatchObject({ title: 'Comment', message: 'in the app: one' })
  })

  it('goes where the recipient himself says that the channel reaches him', async () => {
    class Watched extends Comment {
      override fallback = { after: 60, unless: 'read' as const, channels: ['sms'] }
      override via() {
        return ['database']
      }
    }
    bench.services.lifecycle.load([Watched])
    const ada = { id: 'ada', routeNotificationForSms: () => '+12025550199' }
    await bench.services.notifier.send(ada, new Watched('one'))
    await bench.pass(MINUTE_MS)
    expect(await job('sms')).toMatchObject({ phone: '+12025550199', message: 'sms: one' })
  })

  it('is repeated until it is acknowledged in the words of each channel', async () => {
    class Pager extends Comment {
      override requireAck = { retry: 60, expire: 600 }
    }
    bench.services.lifecycle.load([Pager])
    await notify(new Pager('wake up'))
    expect(await job('sms')).toMatchObject({ message: 'sms: wake up' })
    await bench.pass(MINUTE_MS)
    expect(await job('sms')).toMatchObject({ message: 'sms: wake up' })
    expect((await bench.jobs('email')).map(({ subject }) => subject)).toEqual([
      'Mail wake up',
      'Mail wake up',
    ])
  })

  it('a class that throws for a channel which it may take later is sent all the same', async () => {
    class Half extends Comment {
      override fallback = { after: 60, unless: 'read' as const, channels: ['sms'] }
      override via() {
        return ['database']
      }
      override toSms(): never {
        throw new Error('not today')
      }
    }
    bench.services.lifecycle.load([Half])
    const { failed, sent } = await notify(new Half('one'))
    expect([failed.length, sent.length]).toEqual([0, 1])
    await bench.pass(MINUTE_MS)
    expect(await job('sms')).toMatchObject({ message: 'in the app: one' })
  })
})

describe('a mail of a class', () => {
  it('[S0-019] has text and HTML of its own, a priority, tags and metadata as headers', async () => {
    class Written extends Notification {
      via() {
        return ['mail']
      }
      override toMail() {
        return mail('Report')
          .html('<p>1 &lt; 2</p>')
          .text('1 < 2')
          .priority(1)
          .tag('reports')
          .metadata('report', '7')
          .attachData('a,b', 'a.csv', 'text/csv')
      }
    }
    bench.services.lifecycle.load([Written])
    await notify(new Written())
    const sent = await job('email')
    expect(sent).toMatchObject({
      ...{ subject: 'Report', body: '1 < 2', html_body: '<p>1 &lt; 2</p>' },
      headers: { 'X-Priority': '1', 'X-Tag': 'reports', 'X-Metadata-report': '7' },
      attachments: [{ filename: 'a.csv', content_type: 'text/csv' }],
    })
    const { text, html } = composeMail(sent as never, {
      ...{ from: { name: '', address: 'b@example.com' }, now: 0 },
    })
    expect(text).toContain('1 < 2')
    expect(html).toBe('<p>1 &lt; 2</p>')
  })
})

describe('initialDatabaseReadAtValue()', () => {
  it('puts it into the inbox as read: listed, and not counted', async () => {
    class Receipt extends Comment {
      override via() {
        return ['database']
      }
      override initialDatabaseReadAtValue() {
        return new Date(bench.clock.now())
      }
    }
    await notify(new Receipt('done'))
    const page = await bench.services.inbox.list('ada', {}, 10, null)
    expect(page.data).toMatchObject([{ read: true, read_at: '2026-01-05T12:00:00.000Z' }])
    expect(page.unread_count).toBe(0)
    expect((await bench.services.inbox.list('ada', { unreadOnly: true }, 10, null)).data).toEqual(
      [],
    )
  })
})
