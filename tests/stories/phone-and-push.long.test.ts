import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import webPush from 'web-push'
import { startSurroundings } from '../support/service.ts'
import { startSmtp } from '../support/smtp.ts'
import {
  APNS,
  type Apns,
  apnsKey,
  apnsKeyFile,
  apnsToken,
  startApns,
} from '../support/vendors/apns.ts'
import { fcmAccountFile, fcmMessages, startFcm } from '../support/vendors/fcm.ts'
import type { HttpVendor } from '../support/vendors/http-vendor.ts'
import { startTwilio, TWILIO, type Twilio, type TwilioRequest } from '../support/vendors/twilio.ts'
import { startWebPushService, type WebPushService } from '../support/vendors/web-push-service.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, World } from './world.ts'

const PUBLIC_URL = 'https://belfry.example'

const twilioEnv = (vendor: Twilio) => ({
  TWILIO_ACCOUNT_SID: TWILIO.accountSid,
  TWILIO_AUTH_TOKEN: TWILIO.authToken,
  TWILIO_FROM: TWILIO.from,
  TWILIO_API_URL: vendor.url,
})

let numbers = 0
/** A number nobody else uses; in blocks of their own, so that no budget is shared. */
const freshNumber = () => `+1202${200 + Math.floor(numbers / 50)}${String(5000 + ++numbers)}`

async function open(env: Record<string, string>): Promise<World> {
  return World.open({ surroundings: await startSurroundings('embedded'), env })
}

function deliveryOf(world: World, id: string, status: string): Promise<Json> {
  return waitFor(
    async () => {
      const job = await world.http('GET', `/api/deliveries/${id}`)
      return job.status === status ? job : null
    },
    { message: `${id} did not become ${status}` },
  )
}

function takenBy(vendor: Twilio, to: string): Promise<TwilioRequest> {
  return waitFor(() => vendor.taken.find(({ form }) => form.get('To') === to), {
    message: `Twilio got nothing for ${to}`,
  })
}

describe('with nothing but the variables of Twilio', () => {
  let vendor: Twilio
  let world: World
  beforeAll(async () => {
    vendor = await startTwilio()
    world = await open(twilioEnv(vendor))
  })
  afterAll(async () => {
    await world?.close()
    await vendor.stop()
  })

  it('[S0-003 S0-014 S1-070] one MQTT message is a text message', async () => {
    const phone = freshNumber()
    const sms = { phone, message: 'Pump 7 is dry' }
    const reply = await world.device('311').ask('notifications/sms/send', sms)
    expect(reply.status).toBe('sms_queued')
    const { sid, form } = await takenBy(vendor, phone)
    expect(Object.fromEntries(form)).toEqual({
      ...{ To: phone, From: TWILIO.from, Body: 'Pump 7 is dry', ValidityPeriod: '14400' },
    })
    expect(await deliveryOf(world, reply.sms_id, 'sent')).toMatchObject({
      ...{ attempts: 1, history: [{ provider: 'twilio', outcome: 'sent', id: sid }] },
    })
    expect(await world.outboxOf('sms', phone)).toEqual([])
  })

  it('a thousand numbers of one block are capped, each refusal with its reason', async () => {
    const block = '+1303555'
    const ids = await Promise.all(
      Array.from({ length: 1000 }, async (_, n) => {
        const phone = `${block}${String(n).padStart(4, '0')}`
        const { body } = await world.service.api('POST', '/api/notifications', {
          ...{ to: { phone }, message: 'Hello', title: 'Hello' },
        })
        return body.notifications[0].notification_id as string
      }),
    )
    await waitFor(
      async () => {
        const { data } = await world.http('GET', '/api/queues')
        const { ready, in_flight } = data.find(({ name }: Json) => name === 'sms')
        return in_flight === 0 && Object.values(ready).every((count) => count === 0)
      },
      { message: 'not all deliveries ended' },
    )
    const jobs = await Promise.all(ids.map((id) => world.http('GET', `/api/deliveries/${id}`)))
    const sent = vendor.taken.filter(({ form }) => form.get('To')?.startsWith(block))
    expect(sent).toHaveLength(200)
    const skipped = jobs.filter(({ status }) => status === 'skipped')
    expect(skipped).toHaveLength(800)
    expect(skipped[0].history.at(-1).reason).toBe(
      `budget: 200 an hour to numbers that begin with ${block}`,
    )
  })

  it('a provider that is down is left alone, and the process stays ready', async () => {
    vendor.behave({ status: 503 })
    await Promise.all(
      Array.from({ length: 6 }, () =>
        world.device('311').ask('notifications/sms/send', { phone: freshNumber(), message: 'x' }),
      ),
    )
    const check = await waitFor(async () => {
      const { status, body } = await world.service.api('GET', '/readyz?verbose')
      expect(status).toBe(200)
      return body.checks.find((each: Json) => each.name === 'sms.twilio' && !each.ok)
    })
    expect(check).toMatchObject({
      advisory: true,
      detail: expect.stringMatching(/^breaker open: answered 503/),
    })
    const { body: metrics } = await world.service.api('GET', '/metrics')
    expect(metrics).toContain('belfry_provider_breaker_state{channel="sms",provider="twilio"} 2')
    vendor.behave('normal')
  })
})

describe('with two mail servers', () => {
  it('[G-02] the second one takes what the first one would not, in the same try', async () => {
    const [first, second] = await Promise.all([startSmtp(), startSmtp()])
    first.behave({ code: 451 })
    const world = await open({
      EMAIL_PROVIDERS: 'smtp,smtp2',
      ...{ SMTP_URL: first.url, SMTP2_URL: second.url },
    })
    const mail = { to: 'ada@example.com', subject: 'S', body: 'B' }
    const { email_id: id } = await world.device('311').ask('notifications/email/send', mail)
    expect((await deliveryOf(world, id, 'sent')).history).toMatchObject([
      { provider: 'smtp2', outcome: 'sent', parts: [{ provider: 'smtp', outcome: 'retry' }] },
    ])
    expect([first.mails.length, second.mails.length]).toEqual([0, 1])
    const { body } = await world.service.api('GET', '/readyz?verbose')
    expect(body.checks).toContainEqual(
      expect.objectContaining({
        name: 'email.smtp',
        detail: 'breaker closed (1 failures in a row)',
      }),
    )
    await world.close()
    await Promise.all([first.stop(), second.stop()])
  })
})

describe('Twilio, Firebase, Apple and browsers behind one service', () => {
  const { pem, publicKey } = apnsKey()
  const vapid = webPush.generateVAPIDKeys()
  let twilio: Twilio
  let fcm: HttpVendor
  let apns: Apns
  let browsers: WebPushService
  let world: World

  beforeAll(async () => {
    ;[twilio, fcm, apns, browsers] = await Promise.all([
      startTwilio(),
      startFcm(),
      startApns({ publicKey }),
      startWebPushService(),
    ])
    world = await open({
      ...twilioEnv(twilio),
      BELFRY_PUBLIC_URL: PUBLIC_URL,
      SMS_COUNTRIES: 'US,FR',
      GOOGLE_APPLICATION_CREDENTIALS: fcmAccountFile(),
      FCM_API_URL: fcm.url,
      APNS_KEY_ID: APNS.keyId,
      APNS_TEAM_ID: APNS.teamId,
      APNS_BUNDLE_ID: APNS.bundleId,
      APNS_KEY_FILE: apnsKeyFile(pem),
      APNS_API_URL: apns.url,
      VAPID_PUBLIC_KEY: vapid.publicKey,
      VAPID_PRIVATE_KEY: vapid.privateKey,
      VAPID_SUBJECT: 'mailto:ops@example.com',
      OUTBOUND_ALLOW: '127.0.0.1',
    })
  })
  afterAll(async () => {
    await world?.close()
    await Promise.all([twilio.stop(), fcm.stop(), apns.stop(), browsers.stop()])
  })
  beforeEach(() => {
    for (const vendor of [twilio, fcm, apns, browsers]) vendor.behave('normal')
  })

  const device = () => world.device('311')
  const via = () => world.service.url

  async function sendSms(phone: string, message = 'Hello'): Promise<string> {
    const { sms_id } = await device().ask('notifications/sms/send', { phone, message })
    return sms_id
  }

  /** Publishes to a user and waits for the channel's end in the trace. */
  async function tell(user: string, channel: string, fields: object = {}): Promise<Json> {
    const { notification_id: id } = await device().ask(`notifications/realtime/user/${user}`, {
      ...{ title: 'Disk full', message: 'It is 98 % full.', channels: [channel] },
      ...fields,
    })
    return waitFor(
      async () => {
        const { deliveries } = await world.http('GET', `/api/notifications/${id}/trace`)
        const found = deliveries.find((each: Json) => each.channel === channel)
        const isOver = found && !['unknown', 'queued', 'sending'].includes(found.status)
        return isOver ? { ...found, id } : null
      },
      { message: `the ${channel} delivery of ${id} did not end` },
    )
  }

  describe('text messages', () => {
    it('[S1-069 S3-035] are delivered when Twilio says so, and only forward', async () => {
      const phone = freshNumber()
      const id = await sendSms(phone)
      const request = await takenBy(twilio, phone)
      const said = async (status: string, code?: number) =>
        (await twilio.tell(request, status, { via: via(), ...(code ? { code } : {}) })).status
      expect(await said('queued')).toBe(204)
      // It may overtake the worker that writes down that it was sent.
      expect(await said('delivered')).toBe(204)
      expect(await said('sent')).toBe(204)
      expect(await said('failed', 30_008)).toBe(204)
      const job = await deliveryOf(world, id, 'delivered')
      expect(job.history.map(({ outcome }: Json) => outcome)).toEqual(['sent', 'delivered'])
    })

    it('[S3-036] fail when Twilio says so later, with its code', async () => {
      const phone = freshNumber()
      const id = await sendSms(phone)
      const request = await takenBy(twilio, phone)
      await deliveryOf(world, id, 'sent')
      await twilio.tell(request, 'undelivered', { via: via(), code: 30_003 })
      const job = await deliveryOf(world, id, 'failed')
      expect(job.history.at(-1)).toMatchObject({ outcome: 'failed', reason: '30003: undelivered' })
      const { data } = await world.http('GET', '/api/queues/sms/failed')
      expect(data.map((each: Json) => each.id)).toContain(id)
    })

    it('whose answer was lost are uncertain until Twilio tells', async () => {
      const phone = freshNumber()
      twilio.behave('reset')
      const id = await sendSms(phone)
      await deliveryOf(world, id, 'uncertain')
      twilio.behave('normal')
      const form = new URLSearchParams({ To: phone })
      form.set('StatusCallback', `${PUBLIC_URL}/hooks/twilio/status?delivery=${id}`)
      await twilio.tell({ sid: 'SM9', kind: 'sms', form }, 'delivered', { via: via() })
      await deliveryOf(world, id, 'delivered')
    })

    it.each([
      ['another token', { token: 'forged' }],
      ['another address', { url: 'https://evil.example/hooks/twilio/status' }],
    ])('believe no hook that was signed with %s', async (_what, { token, url }: Json) => {
      const phone = freshNumber()
      const id = await sendSms(phone)
      await deliveryOf(world, id, 'sent')
      const address = `${url ?? `${PUBLIC_URL}/hooks/twilio/status`}?delivery=${id}`
      const form = { MessageSid: 'SM1', MessageStatus: 'failed' }
      const how = { via: via(), ...(token ? { token } : {}) }
      expect((await twilio.post(address, form, how)).status).toBe(403)
      expect((await world.http('GET', `/api/deliveries/${id}`)).status).toBe('sent')
    })

    it.each(['status', 'sms', 'voice'])('no hook is open to strangers: %s', async (hook) => {
      const { status } = await world.service.api('POST', `/hooks/twilio/${hook}`, {})
      expect(status).toBe(403)
    })

    it('[S1-057] are answered by the code of the alert; whoever was told hears of it', async () => {
      const type = fresh('fire')
      const people = await Promise.all(
        ['ada', 'bob'].map(async (name) => {
          const user = fresh(name)
          const phone = freshNumber()
          await world.http('PUT', `/api/users/${user}`, { phone })
          return { user, phone }
        }),
      )
      await world.http('POST', `/api/oncall/${type}`, { members: people.map(({ user }) => user) })
      const ada = people[0]!
      const raise = (source: string) =>
        device().ask(`notifications/alerts/critical/${type}`, {
          message: `${source} burns`,
          source,
        })
      const { alert_id: id } = await raise('hall 1')
      const [text] = await Promise.all(
        people.map(async ({ phone }) => (await takenBy(twilio, phone)).form.get('Body')),
      )
      expect(text).toBe(`CRITICAL: ${type} - hall 1 burns\n\nReply 1a to acknowledge, 1c to close.`)
      const answer = await twilio.post(
        `${PUBLIC_URL}/hooks/twilio/sms`,
        { From: ada.phone, Body: '1A' },
        { via: via() },
      )
      expect(await answer.text()).toContain('Acknowledged.')
      expect(await world.http('GET', `/api/alerts/${id}`)).toMatchObject({
        ...{ status: 'acknowledged', acknowledged_by: ada.user },
      })
      for (const { user } of people) {
        await world.notification(user, ({ type: what }) => what === 'alert.acknowledged')
      }
      const news = `Acknowledged by ${ada.user}: ${type} - hall 1 burns (by text message)`
      const heard = () =>
        twilio.taken
          .filter(({ form }) => form.get('Body') === news)
          .map(({ form }) => form.get('To'))
      // Whoever did it himself was answered already.
      await waitFor(() => heard().includes(people[1]!.phone))
      expect(heard()).toEqual([people[1]!.phone])
    })

    it('go to nobody who sent STOP, until he sends START', async () => {
      const user = fresh('u')
      const phone = freshNumber()
      await world.http('PUT', `/api/users/${user}`, { phone })
      await world.http('PUT', `/api/users/${user}/preferences`, { sms: true })
      expect(await tell(user, 'sms')).toMatchObject({ status: 'sent' })
      const answer = (Body: string) =>
        twilio.post(`${PUBLIC_URL}/hooks/twilio/sms`, { From: phone, Body }, { via: via() })
      const reply = await answer(' stop ')
      expect([reply.status, await reply.text()]).toEqual([
        200,
        '<?xml version="1.0" encoding="UTF-8"?><Response></Response>',
      ])
      expect(await world.http('GET', `/api/users/${user}/preferences`)).toMatchObject({
        sms: false,
      })
      const id = await sendSms(phone)
      const skipped = await deliveryOf(world, id, 'skipped')
      expect(skipped.history.at(-1).reason).toBe('opted_out')
      await answer('START')
      expect(await world.http('GET', `/api/users/${user}/preferences`)).toMatchObject({ sms: true })
    })

    it('of which Twilio says that the number unsubscribed switch the preference off', async () => {
      const user = fresh('u')
      await world.http('PUT', `/api/users/${user}`, { phone: '+12025550010' })
      await world.http('PUT', `/api/users/${user}/preferences`, { sms: true })
      const delivery = await tell(user, 'sms')
      expect(delivery).toMatchObject({ status: 'failed' })
      expect(delivery.attempts[0].reason).toContain('21610')
      expect(await world.http('GET', `/api/users/${user}/preferences`)).toMatchObject({
        sms: false,
      })
    })

    it.each([
      ['+442079460000', 'country_not_allowed: GB'],
      ['+19005550123', 'premium_number'],
    ])('to %s are skipped: %s', async (phone, reason) => {
      const job = await deliveryOf(world, await sendSms(phone), 'skipped')
      expect(job.history).toMatchObject([{ outcome: 'skipped', reason }])
    })
  })

  describe('a call about an alert', () => {
    async function callAbout(): Promise<{ user: string; alert: string; request: TwilioRequest }> {
      const user = fresh('u')
      const phone = freshNumber()
      await world.http('PUT', `/api/users/${user}`, { phone })
      const { alert_id: alert } = await device().ask(
        `notifications/alerts/warning/${fresh('disk')}`,
        { message: 'Disk full', source: fresh('db') },
      )
      await tell(user, 'voice', { message: 'Disk full on db-1', data: { alert_id: alert } })
      return { user, alert, request: await takenBy(twilio, phone) }
    }

    const press = async ({ form }: TwilioRequest, Digits: string) => {
      const [, url = ''] = /action="([^"]+)"/.exec(form.get('Twiml') ?? '') ?? []
      const answer = await twilio.post(url, { CallSid: 'CA1', Digits }, { via: via() })
      return answer.text()
    }

    it.each([
      ['4', 'Acknowledged.', 'acknowledged'],
      ['6', 'Resolved.', 'resolved'],
    ])('takes key %s: %s', async (key, words, status) => {
      const { user, alert, request } = await callAbout()
      expect(request.form.get('Twiml')).toContain('Disk full on db-1')
      expect(await press(request, '*')).toContain('Disk full on db-1')
      expect(await press(request, key)).toContain(words)
      const record = await world.http('GET', `/api/alerts/${alert}`)
      expect(record.status).toBe(status)
      expect(JSON.stringify(record.log)).toContain(user)
    })

    it('escalates on 5, and says when there is nothing to do any more', async () => {
      const { alert, request } = await callAbout()
      expect(await press(request, '5')).toContain('Escalated.')
      const { log } = await world.http('GET', `/api/alerts/${alert}`)
      expect(log.map(({ what }: Json) => what)).toContain('escalated')
      await press(request, '6')
      expect(await press(request, '4')).toContain('resolved already')
    })
  })

  describe('push notifications', () => {
    async function userWith(platform: string, token: string): Promise<string> {
      const user = fresh('u')
      await world.http('PUT', `/api/users/${user}/devices`, { devices: [{ platform, token }] })
      return user
    }

    it('[S0-004 S0-013 S0-020 S1-072] reach an Android phone by Firebase', async () => {
      const token = fresh('phone')
      const user = await userWith('android', token)
      const delivery = await tell(user, 'push', { data: { rack: 7 } })
      expect(delivery).toMatchObject({ status: 'sent', attempts: [{ provider: 'fcm' }] })
      const message = fcmMessages(fcm).find((each) => each.token === token)
      expect(message).toMatchObject({
        notification: { title: 'Disk full', body: 'It is 98 % full.' },
        data: { rack: '7', notification_id: delivery.id },
        android: { notification: { notification_count: 1 } },
      })
    })

    it("[S0-021] reach Apple's phones by Apple", async () => {
      const token = apnsToken('0777')
      const user = await userWith('ios', token)
      const delivery = await tell(user, 'push')
      expect(delivery).toMatchObject({ status: 'sent', attempts: [{ provider: 'apns' }] })
      const post = apns.posts.find((each) => each.token === token)
      expect(post?.payload.aps).toMatchObject({ alert: { title: 'Disk full' }, badge: 1 })
    })

    it('[S0-022] reach a browser, and are read by it alone', async () => {
      const user = await userWith('web', browsers.subscribe())
      const delivery = await tell(user, 'push', { actions: [{ type: 'ack', label: 'OK' }] })
      expect(delivery).toMatchObject({ status: 'sent', attempts: [{ provider: 'webpush' }] })
      const note = browsers.notes.find(({ payload }) => payload.tag === delivery.id)
      expect(note?.payload).toMatchObject({ title: 'Disk full', actions: [{ label: 'OK' }] })
    })

    it('to bare tokens go the same way', async () => {
      const token = fresh('bare')
      const push = { token, title: 'Hi', body: 'There' }
      const reply = await device().ask('notifications/push/mobile/android', push)
      expect(reply.status).toBe('push_queued')
      await deliveryOf(world, reply.push_id, 'sent')
      expect(fcmMessages(fcm).some((each) => each.token === token)).toBe(true)
    })

    it('[S0-023 S1-072 G-18] forget a dead token and serve the others', async () => {
      const user = fresh('u')
      const devices = [
        { platform: 'android', token: fresh('gone') },
        { platform: 'ios', token: apnsToken('0410') },
        { platform: 'android', token: fresh('well') },
      ]
      await world.http('PUT', `/api/users/${user}/devices`, { devices })
      expect(await tell(user, 'push')).toMatchObject({ status: 'sent' })
      const left = await world.http('GET', `/api/users/${user}/devices`)
      expect(left.devices).toEqual([devices[2]])
    })
  })
})
