import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startSurroundings } from '../support/service.ts'
import type { HttpVendor } from '../support/vendors/http-vendor.ts'
import { SLACK_TOKEN } from '../support/vendors/slack.ts'
import { VENDORS } from '../support/vendors/vendors.ts'
import { RECEIVER_SECRET } from '../support/vendors/webhook-receiver.ts'
import { waitFor } from '../support/wait-for.ts'
import { fresh, type Json, World } from './world.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'belfry.js')
const OWN_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** Those that are reached by a URL in a user's profile. */
const POSTED = VENDORS.filter(({ profile }) => profile !== undefined)

describe('a message on MQTT reaches people where they are', () => {
  let world: World
  const vendors = new Map<string, HttpVendor>()
  const vendor = (name: string) => vendors.get(name)!

  beforeAll(async () => {
    let env: Record<string, string> = { OUTBOUND_ALLOW: '127.0.0.1' }
    for (const row of POSTED) {
      const started = (await row.start(0)) as HttpVendor
      vendors.set(row.name, started)
      env = { ...env, ...row.env?.(started.url) }
    }
    world = await World.open({ surroundings: await startSurroundings('embedded'), env })
  })
  afterAll(async () => {
    await world?.close()
    await Promise.all([...vendors.values()].map((each) => each.stop()))
  })

  /** Publishes to a user with a profile; answers with the id of the notification. */
  async function tell(profile: object, channel: string, fields: object = {}) {
    const user = fresh('u')
    await world.http('PUT', `/api/users/${user}`, profile)
    return { user, id: await publish(user, channel, fields) }
  }

  async function publish(user: string, channel: string, fields: object = {}): Promise<string> {
    const message = {
      title: 'Disk full',
      message: 'It is 98 % full.',
      channels: [channel],
      ...fields,
    }
    const reply = await world.device('311').ask(`notifications/realtime/user/${user}`, message)
    expect(reply).toMatchObject({ status: 'sent', channels: [channel] })
    return reply.notification_id
  }

  /** What the trace says of a delivery once it has ended. */
  function ended(id: string, channel: string): Promise<Json> {
    return waitFor(
      async () => {
        const { deliveries } = await world.http('GET', `/api/notifications/${id}/trace`)
        return deliveries.find(
          (each: Json) =>
            each.channel === channel && !['unknown', 'queued', 'sending'].includes(each.status),
        )
      },
      { message: `the ${channel} delivery of ${id} did not end` },
    )
  }

  const channelOf = (profile: object) =>
    Object.keys(profile)[0]!.replace(/_?webhook_url/, '') || 'webhook'

  it.each(POSTED)(
    '[S0-005 S0-006 S0-007 S0-012 S0-015] $name',
    async ({ name, profile = () => ({}) }) => {
      const fields = profile(vendor(name).url)
      const channel = channelOf(fields)
      const { id } = await tell(fields, channel)
      const trace = await ended(id, channel)
      expect(trace).toMatchObject({
        status: 'sent',
        attempts: [{ provider: name, outcome: 'sent', at: expect.any(String) }],
      })
      const posts = vendor(name).posts.filter(({ body }) => body.includes('98 % full'))
      expect(posts).toHaveLength(1)
      expect(posts[0]?.body).toContain('Disk full')
      const delivery = await world.http('GET', `/api/deliveries/${id}.${channel}`)
      expect(delivery).toMatchObject({ status: 'sent', attempts: 1 })
      expect(delivery.url).toMatch(/…$/)
    },
  )

  it('Slack as a bot, to a member', async () => {
    const { id } = await tell({ slack_webhook_url: 'slack://U0042' }, 'slack')
    expect(await ended(id, 'slack')).toMatchObject({
      attempts: [
        { provider: 'slack bot', outcome: 'sent', id: expect.stringMatching(/^\d+\.\d+$/) },
      ],
    })
    const post = vendor('slack').posts.find(({ path }) => path === '/api/chat.postMessage')
    expect(post?.headers.authorization).toBe(`Bearer ${SLACK_TOKEN}`)
    expect(post?.json).toMatchObject({ channel: 'U0042', text: 'Disk full: It is 98 % full.' })
  })

  it('a webhook that checks signatures: the secret of the service, and a user’s own', async () => {
    const receiver = vendor('webhook')
    const url = `${receiver.url}/checked`
    const { user, id } = await tell({ webhook_url: url }, 'webhook')
    await ended(id, 'webhook')
    const post = receiver.posts.find(({ path }) => path === '/checked')!
    const record = await world.http('GET', `/api/notifications/${id}`, undefined, user)
    expect(new Webhook(RECEIVER_SECRET).verify(post.body, post.headers)).toMatchObject({
      type: 'notification.created',
      data: { id: record.id, title: record.title, message: record.message },
    })
    expect(post.headers['webhook-id']).toBe(`${id}.webhook`)

    const data = { webhook_secret: [OWN_SECRET, RECEIVER_SECRET] }
    const own = await tell({ webhook_url: `${receiver.url}/own`, data }, 'webhook')
    await ended(own.id, 'webhook')
    const rotated = receiver.posts.find(({ path }) => path === '/own')!
    for (const secret of data.webhook_secret) {
      expect(new Webhook(secret).verify(rotated.body, rotated.headers)).toBeTruthy()
    }
    expect(await world.http('GET', '/api/webhook-secrets')).toEqual({ secrets: [RECEIVER_SECRET] })
  })

  it('an address that leads inside is refused, and the trace says why', async () => {
    const { id } = await tell({ webhook_url: 'https://169.254.169.254/latest/s3cret' }, 'webhook')
    expect(await ended(id, 'webhook')).toMatchObject({
      status: 'failed',
      attempts: [
        {
          outcome: 'failed',
          reason: expect.stringMatching(/^refused: 169\.254\.169\.254 is not a public/),
        },
      ],
    })
  })

  it('a Slack URL that is not Slack’s is refused', async () => {
    const { id } = await tell({ slack_webhook_url: 'https://example.com/services/T/B/x' }, 'slack')
    expect((await ended(id, 'slack')).attempts[0].reason).toMatch(
      /example\.com is not hooks\.slack\.com/,
    )
  })

  it('a hook that is gone is called no more, until somebody enables it; then it can be replayed', async () => {
    const receiver = vendor('webhook')
    const { user, id } = await tell({ webhook_url: `${receiver.url}/gone/s3cret` }, 'webhook')
    expect(await ended(id, 'webhook')).toMatchObject({
      status: 'failed',
      attempts: [{ reason: 'answered 410; hook disabled' }],
    })
    const before = receiver.attempts
    const next = await publish(user, 'webhook')
    expect(await ended(next, 'webhook')).toMatchObject({
      status: 'skipped',
      attempts: [{ outcome: 'skipped', reason: 'hook_disabled' }],
    })
    expect(receiver.attempts).toBe(before)
    expect((await world.http('GET', `/api/users/${user}`)).disabled_hooks).toEqual([
      { channel: 'webhook', reason: 'answered 410', since: expect.any(String) },
    ])

    const cli = (...args: string[]) =>
      promisify(execFile)(process.execPath, [BIN, ...args], {
        env: { ...process.env, BELFRY_URL: world.service.url },
      })
    expect((await cli('users', 'show', user)).stdout).toContain('answered 410')
    await cli('users', 'enable-hook', user, 'webhook')
    expect(await world.http('GET', `/api/users/${user}`)).not.toHaveProperty('disabled_hooks')

    receiver.behave({ status: 200, body: 'back' })
    await cli('queue', 'retry', 'webhook', `${next}.webhook`)
    await waitFor(async () => (await ended(next, 'webhook')).status === 'sent')
    receiver.behave('normal')
    expect(receiver.posts.at(-1)?.headers['webhook-id']).toBe(`${next}.webhook`)
  })

  it('a new URL takes the place of one that was disabled', async () => {
    const { user, id } = await tell({ webhook_url: `${vendor('webhook').url}/gone` }, 'webhook')
    await ended(id, 'webhook')
    await world.http('PUT', `/api/users/${user}`, { webhook_url: `${vendor('webhook').url}/new` })
    expect(await ended(await publish(user, 'webhook'), 'webhook')).toMatchObject({ status: 'sent' })
  })

  it('a vendor that is down does not hold up the others', async () => {
    vendor('webhook').behave({ status: 503 })
    const profile = {
      webhook_url: `${vendor('webhook').url}/down`,
      discord_webhook_url: `${vendor('discord').url}/api/webhooks/55/belfry`,
    }
    const user = fresh('u')
    await world.http('PUT', `/api/users/${user}`, profile)
    const { notification_id: id } = await world
      .device('311')
      .ask(`notifications/realtime/user/${user}`, {
        message: 'x',
        channels: ['webhook', 'discord'],
      })
    expect(await ended(id, 'discord')).toMatchObject({ status: 'sent' })
    const { deliveries } = await world.http('GET', `/api/notifications/${id}/trace`)
    expect(deliveries.find(({ channel }: Json) => channel === 'webhook')?.status).toBe('queued')
    vendor('webhook').behave('normal')
    expect(await ended(id, 'webhook')).toMatchObject({
      status: 'sent',
      attempts: [{ outcome: 'retry', reason: 'answered 503' }, { outcome: 'sent' }],
    })
  })

  it('refuses an address of a kind that it does not know', async () => {
    const answer = await world.service.api('PUT', `/api/users/${fresh('u')}`, {
      webhook_url: 'gopher://127.0.0.1/x',
    })
    expect(answer.status).toBe(422)
  })

  it('leaves no secret in the log', () => {
    expect(world.service.log()).not.toMatch(/s3cret|whsec_|xoxb-/)
  })
})
