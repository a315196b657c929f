import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NativeClient } from '../../support/native-client.ts'
import { PusherUser } from '../../support/pusher-clients.ts'
import {
  bearer,
  type RealtimeNode,
  startRealtimeNode,
  tokenOf,
} from '../../support/realtime-node.ts'
import { SocketIoUser } from '../../support/socketio-client.ts'
import { SseClient } from '../../support/sse-client.ts'
import { waitFor } from '../../support/wait-for.ts'

/** Who they are by their token, and by the directory. */
const PEOPLE = {
  nobody: null,
  user: {},
  colleague: {},
  hr: { roles: ['hr_manager'] },
  csr: { roles: ['csr_admin'] },
  root: { roles: ['super_admin'] },
  operator: { scope: 'read operate' },
  member: { groups: ['ops'] },
  named: { channels: ['campaign-*'] },
} as const
type Name = keyof typeof PEOPLE
const EVERYBODY = Object.keys(PEOPLE) as Name[]
const KNOWN = EVERYBODY.filter((name) => name !== 'nobody')

/** Who may be on which channel; by the directory `hr` is a finance_admin too, of organization 1 as `colleague` is. */
const CHANNELS: readonly (readonly [channel: string, who: readonly Name[]])[] = [
  ['news', EVERYBODY],
  ['admin-dashboard', EVERYBODY],
  ['system-maintenance', EVERYBODY],
  ['private-admin-dashboard', KNOWN],
  ['security-alerts', ['root']],
  ['private-security-alerts', ['root']],
  ['admin-role-hr_manager', ['hr']],
  ['admin-role-finance_admin', ['hr']],
  ['private-admin-role-csr_admin', ['csr']],
  ['admin-role-user', []],
  ['user.user', ['user']],
  ['private-user.user', ['user']],
  ['private-user.notifications.user', ['user']],
  ['private-user.user.notifications', ['user']],
  ['private-App.Models.User.user', ['user']],
  ['private-encrypted-user.user', ['user']],
  ['private-cache-user.user', ['user']],
  ['private-organization.1', ['colleague', 'hr', 'csr', 'root']],
  ['private-organization.2', ['csr', 'root']],
  ['private-campaign.5', KNOWN],
  ['presence-chat.room.1', KNOWN],
  ['private-role.csr_admin', ['csr']],
  ['private-group.ops', ['member']],
  ['broadcast', ['root']],
  ['alerts', ['operator']],
  ['private-belfry.activity', ['operator']],
  ['private-campaign-7', ['named']],
  ['private-anything-else', []],
  ['presence-anything-else', []],
]

let node: RealtimeNode

beforeAll(async () => {
  node = await startRealtimeNode()
  const users = [
    { id: 'colleague', organization_id: '1' },
    { id: 'hr', organization_id: '1', roles: ['finance_admin'] },
  ]
  for (const { id, ...fields } of users) {
    expect((await node.api('PUT', `/api/users/${id}`, fields)).status).toBe(200)
  }
})
afterAll(() => node.stop())

type Ask = (name: Name, channels: readonly string[]) => Promise<string[]>

/** Those that somebody gets onto, by each protocol. */
const PROTOCOLS: Readonly<Record<string, Ask>> = {
  async native(name, channels) {
    const token = await tokenOf(name, PEOPLE[name] ?? {})
    const { client } = await NativeClient.connect(`ws://127.0.0.1:${node.port}/ws?token=${token}`)
    const answers = await Promise.all(
      channels.map((channel) => client.ask({ type: 'subscribe', channel })),
    )
    await client.close()
    for (const { type, code } of answers) if (type === 'error') expect(code).toBe('forbidden')
    return channels.filter((_, index) => answers[index]?.type === 'result')
  },
  async pusher(name, channels) {
    const claims = PEOPLE[name]
    const client = await PusherUser.connect(
      node.port,
      claims === null ? null : { user: name, claims },
    )
    if (claims !== null) await client.signIn()
    const answers = await Promise.all(channels.map((channel) => client.subscribe(channel)))
    client.close()
    const status = claims === null ? /^(401|403)$/ : /^403$/
    for (const { event, data } of answers) {
      if (event === 'pusher:subscription_error') expect(String(data.status)).toMatch(status)
    }
    return channels.filter((_, index) => answers[index]?.event.endsWith('succeeded'))
  },
  async socketio(name, channels) {
    const token = await tokenOf(name, PEOPLE[name] ?? {})
    const client = await SocketIoUser.connect(node.url, { auth: { token } })
    const answers = await Promise.all(channels.map((channel) => client.ask('subscribe', channel)))
    client.close()
    for (const { ok, error } of answers) if (!ok) expect(error.code).toBe('forbidden')
    return channels.filter((_, index) => answers[index].ok)
  },
  async sse(name, channels) {
    const headers = await bearer(name, PEOPLE[name] ?? {})
    const statuses: number[] = []
    for (let at = 0; at < channels.length; at += 10) {
      const urls = channels.slice(at, at + 10).map((name) => `${node.url}/sse?channels=${name}`)
      const streams = await Promise.all(urls.map((url) => SseClient.open(url, headers)))
      statuses.push(...streams.map(({ status }) => status))
      for (const stream of streams) stream.close()
      await waitFor(() => streams.every(({ isClosed }) => isClosed))
    }
    for (const status of statuses) expect([200, 403]).toContain(status)
    return channels.filter((_, index) => statuses[index] === 200)
  },
}

const names = CHANNELS.map(([channel]) => channel)
const cases = Object.keys(PROTOCOLS).flatMap((protocol) =>
  EVERYBODY.filter((name) => name !== 'nobody' || protocol === 'pusher').map(
    (name) => [protocol, name] as const,
  ),
)

describe('who may join what', () => {
  it.each(cases)('over %s: %s', async (protocol, name) => {
    const allowed = CHANNELS.filter(([, who]) => who.includes(name)).map(([channel]) => channel)
    expect(await PROTOCOLS[protocol]!(name, names)).toEqual(allowed)
  })

  it('guards the administrators’ public channels too, where that is asked for', async () => {
    const guarded = await startRealtimeNode({ BROADCAST_GUARD_ADMIN: 'true' })
    try {
      const client = await PusherUser.connect(guarded.port, null)
      const admin = await PusherUser.connect(guarded.port, {
        user: 'hr',
        claims: { roles: ['hr_manager'] },
      })
      await admin.signIn()
      for (const channel of ['admin-dashboard', 'payment-notifications']) {
        expect(await client.subscribe(channel)).toMatchObject({ data: { status: 403 } })
        expect((await admin.subscribe(channel)).event).toMatch(/succeeded$/)
      }
      for (const each of [client, admin]) each.close()
    } finally {
      await guarded.stop()
    }
  })
})
