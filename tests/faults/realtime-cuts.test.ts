import { afterAll, beforeAll, expect, it } from 'vitest'
import { NativeClient } from '../support/native-client.ts'
import { PusherUser } from '../support/pusher-clients.ts'
import { startService, type TestService } from '../support/service.ts'
import { SocketIoUser } from '../support/socketio-client.ts'
import { SseClient } from '../support/sse-client.ts'
import { waitFor } from '../support/wait-for.ts'
import { Chance } from './support/chance.ts'
import { note } from './support/figures.ts'

const MESSAGES = 1000
const CUTS = 20

let service: TestService

beforeAll(async () => {
  service = await startService()
})
afterAll(() => service.stop())

/** A client that is cut and comes back, and lists what it saw. */
interface Listener {
  readonly seen: string[]
  cut(): Promise<void>
  end(): void
}

/** Acknowledges everything that it sees, and names it once. */
async function native(user: string): Promise<Listener> {
  const seen: string[] = []
  const url = `${service.url.replace('http', 'ws')}/ws?user_id=${user}&ack=1`
  let client = await NativeClient.open(url)
  let session = ''
  const listen = () =>
    client.socket.on('message', (text) => {
      const frame = JSON.parse(text.toString())
      if (frame.type === 'connected') session = frame.session_id
      if (frame.type !== 'notification') return
      // Between sending an acknowledgement and its arrival a cut may make it come again.
      if (!seen.includes(frame.notification.message)) seen.push(frame.notification.message)
      client.send({ type: 'ack', up_to: frame.seq })
    })
  listen()
  const connected = await client.next('connected').catch(() => null)
  session ||= String(connected?.session_id)
  return {
    seen,
    async cut() {
      client.cut()
      client = await NativeClient.open(`${url}&session_id=${session}`)
      listen()
    },
    end: () => client.cut(),
  }
}

/** Every event counts: the cursor says exactly what it has. */
async function sse(user: string): Promise<Listener> {
  const seen: string[] = []
  const url = `${service.url}/sse?user_id=${user}`
  let stream = await SseClient.open(url)
  let cursor = ''
  await stream.next('connected')
  const take = () => {
    seen.push(...stream.of('notification').map(({ data }) => data.notification.message as string))
  }
  return {
    get seen() {
      return [...seen, ...stream.of('notification').map(({ data }) => data.notification.message)]
    },
    async cut() {
      stream.close()
      await waitFor(() => stream.isClosed)
      // Cut before anything came, it stands where it stood: as a browser does.
      cursor = stream.lastEventId ?? cursor
      take()
      stream = await SseClient.open(url, { 'last-event-id': cursor })
    },
    end: () => stream.close(),
  }
}

/** Comes back by itself, with the offset of the last event that it has. */
async function socketIo(user: string): Promise<Listener> {
  const client = await SocketIoUser.connect(service.url, { auth: { user_id: user } })
  return {
    get seen() {
      return client.of('notification_message').map(({ message }) => message as string)
    },
    async cut() {
      client.cut()
      const before = client.of('connected').length
      await waitFor(() => client.of('connected').length > before)
    },
    end: () => client.close(),
  }
}

it.concurrent.each([
  ['native', native],
  ['sse', sse],
  ['socketio', socketIo],
] as const)(
  '[G-14] %s: 1000 notifications to a client cut 20 times arrive in order, each once',
  async (name, open) => {
    const chance = new Chance(`cuts ${name}`)
    const user = `cut-${name}`
    const listener = await open(user)
    const expected = Array.from({ length: MESSAGES }, (_, n) => `m${n}`)
    const send = async () => {
      for (const message of expected) {
        const { status } = await service.api('POST', '/api/notifications', {
          to: `user:${user}`,
          message,
        })
        if (status !== 202) throw new Error(`refused with ${status}`)
      }
    }
    const sent = send()
    let cuts = 0
    for (; cuts < CUTS; cuts++) {
      const target = Math.min(MESSAGES - 1, cuts * 45 + chance.between(1, 40))
      await waitFor(() => listener.seen.length >= target, { deadlineMs: 120_000 })
      await listener.cut()
    }
    await sent
    await waitFor(() => listener.seen.length >= MESSAGES, {
      deadlineMs: 120_000,
      message: `${name} saw fewer than were sent`,
    })
    note(`cuts, ${name}`, { messages: MESSAGES, cuts, seen: listener.seen.length })
    expect(listener.seen).toEqual(expected)
    listener.end()
  },
)

it.concurrent('a Pusher client, which cannot resume, is told to look, and finds the rest in its inbox', async () => {
  const { port } = new URL(service.url)
  const user = await PusherUser.connect(Number(port), { user: 'pat' })
  await user.subscribe('private-user.pat')
  const say = (message: string) =>
    service.api('POST', '/api/notifications', { to: 'user:pat', message })
  await say('one')
  await user.next('notification.created')
  user.pusher.disconnect()
  for (const message of ['two', 'three']) await say(message)
  user.pusher.connect()
  await user.next('unread_count', ({ data }) => data.count === 3)
  const { body } = await service.api('GET', '/api/notifications?unread_only=true&user_id=pat')
  expect(body.data.map(({ message }: { message: string }) => message)).toEqual([
    'three',
    'two',
    'one',
  ])
  user.close()
})
