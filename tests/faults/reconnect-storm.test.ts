import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { NativeClient } from '../support/native-client.ts'
import { PusherUser, pusherServer } from '../support/pusher-clients.ts'
import { APP_SECRET } from '../support/realtime-node.ts'
import { startService, type TestService } from '../support/service.ts'
import { SocketIoUser } from '../support/socketio-client.ts'
import { waitFor } from '../support/wait-for.ts'
import { note } from './support/figures.ts'

const CLIENTS = 4000
const SHUTDOWN_SECONDS = 4

let service: TestService

beforeAll(async () => {
  const env = { BELFRY_APP_SECRET: APP_SECRET, SHUTDOWN_SECONDS: String(SHUTDOWN_SECONDS) }
  service = await startService({ env })
})
afterAll(() => service.stop())

const portOf = () => Number(new URL(service.url).port)
const urlOf = (user: string) => `ws://127.0.0.1:${portOf()}/ws?user_id=${user}`
const megabytes = (pid: number) => {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Math.round(Number(kilobytes) / 1024)
}

it('4000 clients that come back at once are all back, nobody refused, memory bounded', async () => {
  const users = Array.from({ length: CLIENTS }, (_, n) => `s${n}`)
  const clients: NativeClient[] = []
  for (let at = 0; at < CLIENTS; at += 200) {
    const some = users.slice(at, at + 200)
    const opened = await Promise.all(some.map((user) => NativeClient.connect(urlOf(user))))
    clients.push(...opened.map(({ client }) => client))
  }
  const sessions = clients.map((client) => String(client.of('connected')[0]?.session_id))
  const steady = megabytes(service.pid)
  await service.kill()
  await waitFor(() => clients.every(({ closed }) => closed !== null))
  await service.restart()
  const startedAt = performance.now()
  const back = await Promise.all(
    users.map((user, n) => NativeClient.connect(`${urlOf(user)}&session_id=${sessions[n]}`)),
  )
  const took = performance.now() - startedAt
  const after = megabytes(service.pid)
  note('reconnect storm', {
    clients: back.length,
    'all back after ms': Math.round(took),
    'MB before': steady,
    'MB after': after,
  })
  expect(back.filter(({ connected }) => connected.resumed === true)).toHaveLength(CLIENTS)
  expect(after).toBeLessThan(steady + 150)
  for (const { client } of back) client.cut()
  await waitFor(
    async () =>
      (await service.api('GET', '/metrics')).body.includes('belfry_sessions{protocol="native"}') ===
      false,
  )
})

it('a client that stops reading does not make the server grow, and is cut', async () => {
  const { client: stuck } = await NativeClient.connect(urlOf('stuck'))
  await stuck.ask({ type: 'subscribe', channel: 'flood' })
  const { client: lively } = await NativeClient.connect(urlOf('lively'))
  await lively.ask({ type: 'subscribe', channel: 'flood' })
  stuck.socket.pause()
  const before = megabytes(service.pid)
  const backend = pusherServer(portOf())
  const data = randomBytes(4000).toString('hex') // nothing that could be compressed to little
  const batch = Array.from({ length: 10 }, () => ({ channel: 'flood', name: 'e', data }))
  let most = 0
  for (let n = 0; n < 1600; n++) {
    await backend.triggerBatch(batch)
    // The other reads, as fast as this machine lets it.
    await waitFor(() => lively.of('event').length >= (n - 2) * 10)
    most = Math.max(most, megabytes(service.pid))
  }
  await waitFor(() => lively.of('event').length === 16_000, { deadlineMs: 90_000 })
  const { body } = await service.api('GET', '/metrics')
  note('a client that does not read', { 'MB sent': 128, 'MB before': before, 'MB at most': most })
  expect(body).toMatch(/belfry_connection_troubles_total\{reason="stuck"\} 1/)
  expect(most).toBeLessThan(before + 112)
  stuck.cut()
  lively.cut()
})

it('SIGTERM closes clients of every protocol with 1012, spread over SHUTDOWN_SECONDS', async () => {
  const natives = await Promise.all(
    Array.from({ length: 200 }, (_, n) => NativeClient.connect(urlOf(`d${n}`))),
  )
  const pusher = await PusherUser.connect(portOf())
  const io = await SocketIoUser.connect(service.url, {
    auth: { user_id: 'io' },
    transports: ['websocket'],
    reconnection: false,
  })
  const closedAt: number[] = []
  for (const { client } of natives)
    client.socket.once('close', () => closedAt.push(performance.now()))
  const startedAt = performance.now()
  await service.stop('SIGTERM')
  const took = performance.now() - startedAt
  await waitFor(() => closedAt.length === natives.length)
  const spread = Math.max(...closedAt) - Math.min(...closedAt)
  note('drain', { 'ended after ms': Math.round(took), 'spread ms': Math.round(spread) })
  expect(new Set(natives.map(({ client }) => client.closed?.code))).toEqual(new Set([1012]))
  expect(spread).toBeGreaterThan(SHUTDOWN_SECONDS * 1000 * 0.25)
  expect(took).toBeLessThan(SHUTDOWN_SECONDS * 1000 + 5_000)
  expect(service.exitCode).toBe(0)
  await waitFor(() => pusher.pusher.connection.state !== 'connected' && io.reasons.length > 0)
  expect(io.reasons).toEqual(['transport close'])
  pusher.close()
  io.close()
})
