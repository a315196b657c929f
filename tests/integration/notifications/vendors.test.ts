import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Channel, mail, Notifiable, Notification } from '../../../src/index.ts'
import { Device } from '../../support/mqtt-device.ts'
import { type OwnBelfry, startOwn } from '../../support/own-belfry.ts'
import { startSmtp, type TestSmtp } from '../../support/servers.ts'
import { startDiscord } from '../../support/vendors/discord.ts'
import { fcmAccountFile, startFcm } from '../../support/vendors/fcm.ts'
import type { HttpVendor } from '../../support/vendors/http-vendor.ts'
import { SLACK_TOKEN, startSlack } from '../../support/vendors/slack.ts'
import { startTwilio, TWILIO, type Twilio } from '../../support/vendors/twilio.ts'
import { RECEIVER_SECRET, startReceiver } from '../../support/vendors/webhook-receiver.ts'
import { waitFor } from '../../support/wait-for.ts'

const SLACK_PATH = '/services/T0000/B0000/ada'
const DISCORD_PATH = '/api/webhooks/1234/ada'

/** The seed's system alert, in the words of every vendor. */
class SystemAlert extends Notification<Ada> {
  readonly channels: readonly Channel[]

  constructor(...channels: Channel[]) {
    super()
    this.channels = channels
  }
  via() {
    return this.channels
  }
  override toMail() {
    return mail('Disk full')
      .greeting('Hello Ada!')
      .line('It is 98 % full.')
      .action('Look', 'https://ops.example.com/disks')
      .line('Thank you.')
  }
  override toSms() {
    return { content: 'Disk full: 98 %', fromNumber: '+12025550199' }
  }
  override toVoice() {
    return { content: 'The disk is full & slow' }
  }
  override toPush() {
    return {
      ...{ title: 'Disk full', body: 'It is 98 % full.', icon: 'disk' },
      ...{ data: { rack: '7' }, clickAction: '/disks' },
    }
  }
  override toSlack() {
    return {
      ...{ text: 'Disk <full> & slow', channel: '#general', username: 'Belfry' },
      iconEmoji: ':wave:',
    }
  }
  override toDiscord() {
    return { content: 'Disk full @everyone', username: 'Belfry', avatarUrl: 'https://a.example/b' }
  }
  override toWebhook() {
    return { type: 'disk.full', payload: { rack: 7, percent: 98 } }
  }
  override toMqtt() {
    return { topic: 'lamps/rack-7', payload: { colour: 'red' }, retain: true }
  }
}

class Ada extends Notifiable() {
  readonly id = 'ada'
  readonly email = 'ada@example.com'
  readonly phone = '+12025550142'
  readonly #urls: Readonly<Record<string, string>>

  constructor(urls: Readonly<Record<string, string>>) {
    super()
    this.#urls = urls
  }
  routeNotificationForSlack() {
    return this.#urls.slack
  }
  routeNotificationForDiscord() {
    return this.#urls.discord
  }
  routeNotificationForWebhook() {
    return this.#urls.webhook
  }
  routeNotificationForPush() {
    return ['phone-1', 'phone-2']
  }
}

/** What a class says arrives at the real protocol of each vendor. */
describe('[S0-006 S0-007 S0-012 S0-013 S0-014 S0-015 S0-032] the words of a notification class, as vendors get them', () => {
  let slack: HttpVendor
  let discord: HttpVendor
  let receiver: HttpVendor
  let fcm: HttpVendor
  let twilio: Twilio
  let smtp: TestSmtp
  let belfry: OwnBelfry
  let ada: Ada

  beforeAll(async () => {
    ;[slack, discord, receiver] = await Promise.all([startSlack(), startDiscord(), startReceiver()])
    ;[fcm, twilio, smtp] = await Promise.all([startFcm(), startTwilio(), startSmtp()])
    belfry = await startOwn({
      env: {
        ...{ OUTBOUND_ALLOW: '127.0.0.1', WEBHOOK_SECRET: RECEIVER_SECRET, THROTTLE: 'off' },
        ...{ SMTP_URL: smtp.url, MAIL_FROM: 'Belfry <bell@example.com>' },
        ...{ SLACK_BOT_TOKEN: SLACK_TOKEN, SLACK_API_URL: `${slack.url}/api` },
        ...{ GOOGLE_APPLICATION_CREDENTIALS: fcmAccountFile(), FCM_API_URL: fcm.url },
        ...{ TWILIO_ACCOUNT_SID: TWILIO.accountSid, TWILIO_AUTH_TOKEN: TWILIO.authToken },
        ...{ TWILIO_FROM: TWILIO.from, TWILIO_API_URL: twilio.url },
      },
    })
    await belfry.app.services.directory.savePreferences('ada', { sms: true })
    ada = new Ada({
      slack: `${slack.url}${SLACK_PATH}`,
      discord: `${discord.url}${DISCORD_PATH}`,
      webhook: `${receiver.url}/ada`,
    })
  })
  afterAll(async () => {
    await belfry?.[Symbol.asyncDispose]()
    const vendors = [slack, discord, receiver, fcm, twilio, smtp]
    await Promise.all(vendors.map((vendor) => vendor?.stop()))
  })

  /** Sends it by one channel alone; answers with the delivery once the vendor has it. */
  async function deliver(channel: Channel, name: string = channel) {
    const { all } = await ada.notify(new SystemAlert(channel))
    const id = all[0]?.notificationId
    return waitFor(async () => {
      const job = await belfry.app.services.queues.delivery(`${id}.${name}`)
      return job.history.length > 0 && job
    })
  }

  it('toSlack: an incoming webhook gets text, name and picture, and nothing in it calls anybody', async () => {
    expect(await deliver('slack')).toMatchObject({ status: 'sent' })
    expect(slack.posts.find(({ path }) => path === SLACK_PATH)?.json).toEqual({
      text: 'Disk &lt;full&gt; &amp; slow',
      ...{ channel: '#general', username: 'Belfry', icon_emoji: ':wave:' },
    })
  })

  it('toSlack on demand: to a webhook, and as the bot to a member', async () => {
    const to = (address: string) => Notification.route('slack', address)
    await to(`${slack.url}/services/T0000/B0001/other`).notify(new SystemAlert('slack') as never)
    await waitFor(() => slack.posts.some(({ path }) => path.endsWith('/other')))
    class Plain extends SystemAlert {
      override toSlack() {
        return { text: '<!here> look', markdown: true } as never
      }
    }
    await to('slack://U0042').notify(new Plain('slack') as never)
    const sent = await waitFor(() => slack.posts.find(({ path }) => path.startsWith('/api/')))
    expect(sent.headers.authorization).toBe(`Bearer ${SLACK_TOKEN}`)
    expect(sent.json).toEqual({ channel: 'U0042', unfurl_links: false, text: '<!here> look' })
  })

  it('toDiscord: content, name and picture; mentions call nobody', async () => {
    expect(await deliver('discord')).toMatchObject({ status: 'sent' })
    expect(discord.posts).toHaveLength(1)
    expect(discord.posts[0]?.path).toBe(`${DISCORD_PATH}?wait=true`)
    expect(discord.posts[0]?.json).toEqual({
      ...{ content: 'Disk full @everyone', username: 'Belfry', avatar_url: 'https://a.example/b' },
      allowed_mentions: { parse: [] },
    })
  })

  it('toWebhook: type and payload, signed so that the reference library believes it', async () => {
    const { id } = await deliver('webhook')
    const [post] = receiver.posts
    expect(new Webhook(RECEIVER_SECRET).verify(post!.body, post!.headers)).toEqual({
      ...{ type: 'disk.full', data: { rack: 7, percent: 98 } },
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/),
    })
    expect(post?.headers['webhook-id']).toBe(id)
  })

  it('toMqtt: its own topic, its own payload, kept for who comes later', async () => {
    expect(await deliver('mqtt')).toMatchObject({ status: 'sent' })
    const late = await Device.connect(`mqtt://127.0.0.1:${belfry.app.mqttPort}`, '311')
    await late.listen('lamps/#')
    const heard = await late.hears('lamps/rack-7')
    expect(heard).toMatchObject({ text: '{"colour":"red"}', retained: true })
    await late.close()
  })

  it('toMail: subject, greeting, lines and button, as text and as HTML', async () => {
    expect(await deliver('mail', 'email')).toMatchObject({ status: 'sent' })
    const [sent] = smtp.mails
    expect(sent).toMatchObject({ from: 'bell@example.com', to: ['ada@example.com'] })
    expect(sent?.raw).toContain('Subject: Disk full')
    expect(sent?.raw).toMatch(/multipart\/alternative/)
    const words = sent?.raw.replaceAll(/=\r?\n/g, '') ?? ''
    for (const part of ['Hello Ada!', 'It is 98 % full.', 'Thank you.']) {
      expect(words.split(part).length - 1, part).toBeGreaterThanOrEqual(2)
    }
    expect(words).toMatch(/href=(?:3D)?"https:\/\/ops\.example\.com\/disks/)
  })

  it('toSms and toVoice: Twilio’s forms, with the number that the class says', async () => {
    expect(await deliver('sms')).toMatchObject({ status: 'sent' })
    expect(await deliver('voice')).toMatchObject({ status: 'sent' })
    const form = (kind: string) => twilio.taken.find((each) => each.kind === kind)!.form
    expect(Object.fromEntries(form('sms'))).toMatchObject({
      ...{ To: '+12025550142', From: '+12025550199', Body: 'Disk full: 98 %' },
    })
    expect(form('voice').get('To')).toBe('+12025550142')
    expect(form('voice').get('Twiml')).toContain('The disk is full &amp; slow')
  })

  it('toPush: one message for each token, with icon and click_action as data', async () => {
    expect(await deliver('push')).toMatchObject({ status: 'sent' })
    const messages = fcm.posts.flatMap(({ json }) => (json?.message ? [json.message] : []))
    expect(messages.map(({ token }) => token).sort()).toEqual(['phone-1', 'phone-2'])
    expect(messages[0]).toMatchObject({
      notification: { title: 'Disk full', body: 'It is 98 % full.' },
      data: { rack: '7', icon: 'disk', click_action: '/disks' },
    })
  })
})
