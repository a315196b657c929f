import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { MemoryBus } from '../../../src/store/memory-bus.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { install, startGateway, tokenFor } from '../../support/gateway.ts'
import { gatewaysOfTest } from '../../support/gateways-of-test.ts'
import { NativeClient, type NativeFrame } from '../../support/native-client.ts'
import { waitFor } from '../../support/wait-for.ts'

const start = gatewaysOfTest()

/** A bus that forgets what it is given while it is told to. */
class LossyBus extends MemoryBus {
  isLosing = false
  readonly #onGap: (() => void)[] = []

  override async publish(channel: string, message: string): Promise<void> {
    if (!this.isLosing) await super.publish(channel, message)
  }

  override onGap(listener: () => void): void {
    this.#onGap.push(listener)
  }

  recover(): void {
    this.isLosing = false
    for (const listener of this.#onGap) listener()
  }
}

const ids = (frames: readonly NativeFrame[]) => frames.map(({ id }) => id)
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `n${from + index}`)

describe('a session', () => {
  it('is resumed: what was not acknowledged comes again in order, what was does not', async () => {
    const server = await start()
    const { client, connected } = await NativeClient.connect(server.url('user_id=ann&ack=1'))
    const session = String(connected.session_id)
    for (const id of numbered(1, 5)) await server.notify('ann', id)
    const third = await client.next('notification', ({ id }) => id === 'n3')
    await client.next('notification', ({ id }) => id === 'n5')
    await client.ask({ type: 'ack', up_to: third.seq })
    client.cut()
    for (const id of numbered(6, 8)) await server.notify('ann', id)
    const again = await NativeClient.connect(server.url(`user_id=ann&ack=1&session_id=${session}`))
    expect(again.connected).toMatchObject({ resumed: true, session_id: session, unread_count: 8 })
    await again.client.next('notification', ({ id }) => id === 'n8')
    expect(ids(again.client.of('notification'))).toEqual(numbered(4, 8))
    const pending = again.connected.pending as { id: string }[]
    expect(pending.map(({ id }) => id)).toEqual(['n3', 'n2', 'n1'])
  })

  it('loses and doubles nothing over ten cuts at random moments under load', async () => {
    const server = await start()
    const servers = [server, await start({ store: server.store, bus: server.bus })]
    const first = await NativeClient.connect(server.url('user_id=ann&ack=1'))
    const query = `user_id=ann&ack=1&session_id=${String(first.connected.session_id)}`
    const got: string[] = []
    const acknowledged = new Set<string>()
    const doubled: string[] = []
    let client = first.client

    const acknowledge = async (to: NativeClient, { id, seq }: NativeFrame) => {
      const sofar = got.slice(0, got.indexOf(String(id)) + 1)
      await to.ask({ type: 'ack', up_to: seq })
      for (const each of sofar) acknowledged.add(each)
    }
    const take = (from: NativeClient, frame: NativeFrame) => {
      const id = String(frame.id)
      if (acknowledged.has(id)) doubled.push(id)
      if (!got.includes(id)) got.push(id)
      if (Math.random() < 0.3) acknowledge(from, frame).catch(() => {}) // cut before the answer
    }
    const listen = (to: NativeClient) => {
      let taken = 0
      to.socket.on('message', () => {
        const fresh = to.frames.slice(taken)
        taken = to.frames.length
        for (const frame of fresh) if (frame.type === 'notification') take(to, frame)
      })
    }
    listen(client)

    const sending = (async () => {
      for (const id of numbered(1, 200)) {
        await server.notify('ann', id)
        if (Math.random() < 0.3) await new Promise((go) => setImmediate(go))
      }
    })()
    for (let cut = 0; cut < 10; cut++) {
      await waitFor(() => got.length >= Math.min(200, cut * 19 + Math.floor(Math.random() * 19)))
      client.cut()
      client = await NativeClient.open(servers[cut % 2]!.url(query))
      listen(client)
      await client.next('connected')
    }
    await sending
    await waitFor(() => got.length === 200)
    expect(got).toEqual(numbered(1, 200))
    expect(doubled).toEqual([])
  })

  it('comes back with everybody else’s when all are cut at once, and misses nothing', async () => {
    const server = await start()
    const names = numbered(1, 300)
    const open = (name: string, session = '') =>
      NativeClient.connect(server.url(`user_id=${name}&ack=1${session}`))
    const before = await Promise.all(names.map((name) => open(name)))
    for (const { client } of before) client.cut()
    await Promise.all(names.map((name) => server.notify(name, `for-${name}`)))
    const after = await Promise.all(
      before.map(({ connected }, n) => open(names[n]!, `&session_id=${connected.session_id}`)),
    )
    for (const [n, { client, connected }] of after.entries()) {
      expect(connected.resumed).toBe(true)
      expect(await client.next('notification')).toMatchObject({ id: `for-${names[n]}` })
    }
  })

  it('moves to the socket that opened it last, on whatever process', async () => {
    const here = await start()
    const there = await start({ store: here.store, bus: here.bus })
    const { client, connected } = await NativeClient.connect(here.url('user_id=ann&ack=1'))
    const query = `user_id=ann&session_id=${String(connected.session_id)}`
    const second = await NativeClient.connect(there.url(query))
    expect(second.connected).toMatchObject({ resumed: true })
    expect((await client.ended()).code).toBe(4002)
    const third = await NativeClient.connect(there.url(query))
    expect((await second.client.ended()).code).toBe(4002)
    await here.notify('ann', 'a')
    await third.client.next('notification')
    expect(await here.sessions.sessionsOf('ann')).toMatchObject([
      { connected: true, node: there.gateway.sockets.node },
    ])
  })

  it('of another user cannot be resumed by knowing its id', async () => {
    const server = await start()
    const { client, connected } = await NativeClient.connect(server.url('user_id=ann&ack=1'))
    await server.notify('ann', 'secret')
    await client.next('notification')
    const session = String(connected.session_id)
    const eve = await NativeClient.connect(server.url(`user_id=eve&session_id=${session}`))
    expect(eve.connected).toMatchObject({ resumed: false })
    await eve.client.ask({ type: 'ping' })
    expect(eve.client.of('notification')).toHaveLength(0)
    expect(client.closed).toBeNull()
  })

  it('ends by request, and its socket with it', async () => {
    const server = await start()
    const { client, connected } = await NativeClient.connect(server.url('user_id=ann'))
    const session = String(connected.session_id)
    expect(await server.sessions.connectedCount()).toBe(1)
    await server.sessions.disconnect('ann', session)
    expect((await client.ended()).code).toBe(1000)
    expect(await server.sessions.sessionsOf('ann')).toEqual([])
    expect(await server.sessions.connectedCount()).toBe(0)
    const again = await NativeClient.connect(server.url(`user_id=ann&session_id=${session}`))
    expect(again.connected).toMatchObject({ resumed: false, session_id: session })
  })

  it('that waits to be resumed does not count as connected', async () => {
    const server = await start()
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    client.cut()
    await waitFor(async () => (await server.sessions.connectedCount()) === 0)
    expect(await server.sessions.sessionsOf('ann')).toMatchObject([{ connected: false }])
  })

  it('has one queue, whether it is read by socket or drained', async () => {
    const server = await start()
    const { client, connected } = await NativeClient.connect(server.url('user_id=ann&ack=1'))
    const session = String(connected.session_id)
    client.cut()
    await waitFor(() => server.gateway.hub.userCount === 0)
    for (const id of numbered(1, 3)) await server.notify('ann', id)
    const [first] = await server.sessions.drain('ann', session, 1)
    expect(first).toMatchObject({
      user_id: 'ann',
      session_id: session,
      type: 'notification',
      data: { id: 'n1' },
      timestamp: expect.any(Number),
    })
    const again = await NativeClient.connect(server.url(`user_id=ann&session_id=${session}`))
    await again.client.next('notification', ({ id }) => id === 'n3')
    expect(ids(again.client.of('notification'))).toEqual(['n2', 'n3'])
    await again.client.ask({ type: 'ack', id: 'n3' })
    const rest = await server.sessions.drain('ann', session, 100)
    expect(rest.map(({ data }) => (data as { id: string }).id)).toEqual(['n2'])
  })
})

describe('delivery', () => {
  it('needs no hint: what a lost bus message announced is fetched from the queue', async () => {
    const clock = new FakeClock()
    const bus = new LossyBus()
    const server = await start({ clock, bus })
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    await server.notify('ann', 'a')
    await client.next('notification')

    bus.isLosing = true
    await server.notify('ann', 'b')
    await server.notify('ann', 'c')
    await new Promise((go) => setImmediate(go))
    bus.isLosing = false
    await server.notify('ann', 'd')
    await client.next('notification', ({ id }) => id === 'd')
    expect(ids(client.of('notification'))).toEqual(['a', 'b', 'c', 'd'])

    await server.notify('ann', 'e', false)
    clock.advance(30_000)
    await client.next('notification', ({ id }) => id === 'e')

    bus.isLosing = true
    await server.notify('ann', 'f')
    await new Promise((go) => setImmediate(go))
    bus.recover()
    await client.next('notification', ({ id }) => id === 'f')
    expect(ids(client.of('notification'))).toEqual(['a', 'b', 'c', 'd', 'e', 'f'])
  })

  it('keeps the order of a user’s messages when hints overtake each other', async () => {
    const server = await start()
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    const sequences: number[] = []
    for (const id of numbered(1, 50)) sequences.push(await server.notify('ann', id, false))
    const hints = sequences.map((seq, index) => ({ seq, id: `n${index + 1}` }))
    for (const { seq, id } of hints.sort(() => Math.random() - 0.5)) {
      server.realtime.publish('ann', seq, 'notification', JSON.stringify({ id }))
    }
    await waitFor(() => client.of('notification').length >= 50)
    await client.ask({ type: 'ping' })
    expect(ids(client.of('notification'))).toEqual(numbered(1, 50))
  })

  it('reaches all sessions of a user on all processes, each message once', async () => {
    const here = await start()
    const there = await start({ store: here.store, bus: here.bus })
    const clients = await Promise.all(
      [here, there, here, there].map(async (server) => {
        const { client } = await NativeClient.connect(server.url('user_id=ann&ack=1'))
        return client
      }),
    )
    await Promise.all(
      numbered(1, 100).map((id, index) => (index % 2 ? here : there).notify('ann', id)),
    )
    for (const client of clients) {
      await waitFor(() => client.of('notification').length >= 100)
      expect(new Set(ids(client.of('notification'))).size).toBe(100)
      expect(client.of('notification')).toHaveLength(100)
      const sequences = client.of('notification').map(({ seq }) => Number(seq))
      expect(sequences).toEqual([...sequences].sort((a, b) => a - b))
    }
  })

  it('is repeated after 30 s, five times, to a session that acknowledges, until it does', async () => {
    const clock = new FakeClock()
    const server = await start({ clock })
    const { client } = await NativeClient.connect(server.url('user_id=ann&ack=1'))
    await server.notify('ann', 'a')
    await server.notify('ann', 'b')
    await client.next('notification', ({ id }) => id === 'b')
    await client.ask({ type: 'ack', id: 'a' })

    const count = () => ids(client.of('notification')).filter((id) => id === 'b').length
    for (let time = 2; time <= 6; time++) {
      // In steps that leave the socket time to answer pings.
      for (let step = 0; step < 7; step++) {
        clock.advance(5000)
        await client.ask({ type: 'ping' })
      }
      await waitFor(() => count() === time, { message: `sent ${count()} times, not ${time}` })
    }
    for (let step = 0; step < 20; step++) {
      clock.advance(5000)
      await client.ask({ type: 'ping' })
    }
    expect(count()).toBe(6)
    expect(ids(client.of('notification')).filter((id) => id === 'a')).toHaveLength(1)
  })

  it('counts a session as acknowledging once it did', async () => {
    const clock = new FakeClock()
    const server = await start({ clock })
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    const { client: silent } = await NativeClient.connect(server.url('user_id=ann'))
    for (const id of ['a', 'b']) await server.notify('ann', id)
    await client.next('notification', ({ id }) => id === 'b')
    await silent.next('notification', ({ id }) => id === 'b')
    await client.ask({ type: 'ack', id: 'a' })
    for (let step = 0; step < 7; step++) {
      clock.advance(5000)
      await client.ask({ type: 'ping' })
      await silent.ask({ type: 'ping' })
    }
    await waitFor(() => client.of('notification').length === 3)
    expect(ids(client.of('notification'))).toEqual(['a', 'b', 'b'])
    expect(ids(silent.of('notification'))).toEqual(['a', 'b'])
  })

  it('to a session that never acknowledges is proved by a pong, then not sent again', async () => {
    const clock = new FakeClock()
    const server = await start({ clock })
    const { client, connected } = await NativeClient.connect(server.url('user_id=ann'))
    const session = String(connected.session_id)
    await server.notify('ann', 'a')
    await client.next('notification')
    expect((await server.sessions.backlog('ann', session)).entries).toHaveLength(1)
    clock.advance(25_000)
    await waitFor(async () => (await server.sessions.backlog('ann', session)).entries.length === 0)
    await server.notify('ann', 'b')
    await client.next('notification', ({ id }) => id === 'b')
    client.cut()
    const again = await NativeClient.connect(server.url(`user_id=ann&session_id=${session}`))
    await again.client.next('notification')
    await again.client.ask({ type: 'ping' })
    expect(ids(again.client.of('notification'))).toEqual(['b'])
  })

  it('starts anew, by request of the server, when the store has forgotten everything', async () => {
    const clock = new FakeClock()
    const server = await start({ clock })
    const { client, connected } = await NativeClient.connect(server.url('user_id=ann'))
    for (const id of numbered(1, 5)) await server.notify('ann', id)
    await client.next('notification', ({ id }) => id === 'n5')
    for await (const { partition, key } of server.store.keys()) {
      await server.store.commit({ partition, ops: [['del', key]] })
    }
    clock.advance(30_000)
    expect((await client.ended()).code).toBe(4100)
    const query = `user_id=ann&session_id=${String(connected.session_id)}`
    const again = await NativeClient.connect(server.url(query))
    expect(again.connected).toMatchObject({ resumed: false, unread_count: 0 })
    await server.notify('ann', 'fresh')
    await again.client.next('notification', ({ id }) => id === 'fresh')
  })
})

describe('a client that does not read', () => {
  it('is served from its queue, with bounded memory, and misses nothing when it goes on', async () => {
    const server = await start({ compression: false })
    const { client, connected } = await NativeClient.connect(server.url('user_id=ann&ack=1'))
    client.socket.pause()
    const filler = 'x'.repeat(100_000)
    for (const id of numbered(1, 200)) {
      const record = JSON.stringify({ id, filler })
      const outcome = await server.store.commit({
        partition: 0,
        ops: [['fanout', '', 'ann', `"type":"notification","data":${record},"timestamp":1`, 1000]],
      })
      const seq = outcome.applied ? (outcome.results[0] ?? 0) : 0
      server.realtime.publish('ann', seq, 'notification', record)
    }
    const [session] = server.gateway.hub.clientsOf('ann')
    expect(session?.id).toBe(connected.session_id)
    expect(session?.transport.buffered).toBeLessThan(1024 * 1024)
    client.socket.resume()
    await client.next('notification', ({ id }) => id === 'n200')
    expect(ids(client.of('notification'))).toEqual(numbered(1, 200))
  })

  it('is terminated when events pile up, and the others are not', async () => {
    const server = await start({ compression: false })
    const { client: slow } = await NativeClient.connect(server.url('user_id=ann'))
    const { client: quick } = await NativeClient.connect(server.url('user_id=ben'))
    for (const client of [slow, quick]) await client.ask({ type: 'subscribe', channel: 'news' })
    const [session] = server.gateway.hub.clientsOf('ann')
    slow.socket.pause()
    const filler = JSON.stringify('x'.repeat(100_000))
    let sent = 0
    await waitFor(
      async () => {
        server.realtime.broadcast('news', 'e', filler)
        sent += 1
        expect(session?.transport.buffered).toBeLessThan(2 * 1024 * 1024)
        await waitFor(() => quick.of('event').length === sent)
        return server.gateway.hub.clientsOf('ann').length === 0
      },
      { message: 'the slow client was kept' },
    )
    expect(sent).toBeLessThan(400)
    slow.socket.resume()
    expect((await slow.ended()).code).toBe(1006)
    expect(quick.closed).toBeNull()
  })

  it('is answered when it pings, and terminated when it reads no answers', async () => {
    const server = await start()
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    const pong = once(client.socket, 'pong')
    client.socket.ping('are you there')
    expect(String((await pong)[0])).toBe('are you there')
    client.socket.pause()
    const more = setInterval(() => {
      for (let n = 0; n < 1000; n++) client.socket.ping('x'.repeat(125))
    }, 1)
    await waitFor(() => server.gateway.sockets.total === 0)
    clearInterval(more)
    client.cut()
  })

  it('is terminated when it does not answer pings', async () => {
    const clock = new FakeClock()
    const server = await start({ clock })
    const { client: dead } = await NativeClient.connect(server.url('user_id=ann'), {
      autoPong: false,
    })
    const { client: alive } = await NativeClient.connect(server.url('user_id=ben'))
    for (let second = 0; second < 40; second++) {
      clock.advance(1000)
      if (second % 5 === 0) await alive.ask({ type: 'ping' })
      if (second === 27) expect(dead.closed).toBeNull()
    }
    expect((await dead.ended()).code).toBe(1006)
    expect(alive.closed).toBeNull()
    expect(alive.of('ping').length).toBeGreaterThan(0)
  })
})

describe('time', () => {
  it('cuts a socket whose client has not said who it is after five seconds', async () => {
    const clock = new FakeClock()
    const server = await start({ clock })
    const client = await NativeClient.open(server.url())
    clock.advance(4000)
    client.send({ type: 'list' })
    await client.next('error')
    clock.advance(2000)
    expect((await client.ended()).code).toBe(4001)
  })

  it('closes a socket when its token ends, unless a newer one was shown', async () => {
    const clock = new FakeClock()
    const server = await start({ clock })
    const expiresAt = clock.now() + 10_000
    const token = tokenFor('ann', { expiresAt })
    const { client } = await NativeClient.connect(server.url(`token=${token}`))
    const { client: renewing } = await NativeClient.connect(server.url(`token=${token}`))
    const newer = tokenFor('ann', { expiresAt: expiresAt + 10_000 })
    expect(await renewing.ask({ type: 'auth', token: newer })).toMatchObject({ type: 'result' })
    expect(await renewing.ask({ type: 'auth', token: tokenFor('ben') })).toMatchObject({
      code: 'forbidden',
    })
    clock.advance(9000)
    await client.ask({ type: 'ping' })
    clock.advance(2000)
    expect((await client.ended()).code).toBe(4001)
    await renewing.ask({ type: 'ping' })
    clock.advance(10_000)
    expect((await renewing.ended()).code).toBe(4001)
  })

  it('keeps a session alive in the store as long as its socket is there', async () => {
    const clock = new FakeClock()
    const server = await start({ clock })
    const { client } = await NativeClient.connect(server.url('user_id=ann'))
    for (let minutes = 0; minutes < 70; minutes += 1 / 12) {
      clock.advance(5000)
      await client.ask({ type: 'ping' })
    }
    expect(await server.sessions.sessionsOf('ann')).toHaveLength(1)
    await server.notify('ann', 'late')
    await client.next('notification')
  })

  it('sends everybody away with 1012, spread over the time that a stop has', async () => {
    const server = await startGateway()
    const clients = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const { client } = await NativeClient.connect(server.url(`user_id=u${n}`))
        return client
      }),
    )
    const waiting = await NativeClient.open(server.url())
    const moments: number[] = []
    for (const client of clients) client.socket.on('close', () => moments.push(performance.now()))
    server.door.stop()
    const stopping = server.gateway.stop(1500)
    expect((await NativeClient.refusal(server.url('user_id=late'))).status).toBe(503)
    await stopping
    await server.stop()
    for (const client of clients) expect((await client.ended()).code).toBe(1012)
    expect((await waiting.ended()).code).toBe(1012)
    expect(Math.max(...moments) - Math.min(...moments)).toBeGreaterThan(100)
    const { store } = install({ store: server.store })
    expect(await store.count(0, server.keys.connectedUsers())).toBe(0)
  })
})
