import { afterAll, describe, expect, it } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { NativeClient } from '../../support/native-client.ts'
import { PusherUser, RawPusher } from '../../support/pusher-clients.ts'
import {
  bearer,
  type RealtimeNode,
  startRealtimeNode,
  tokenOf,
} from '../../support/realtime-node.ts'
import { SocketIoUser } from '../../support/socketio-client.ts'
import { SseClient } from '../../support/sse-client.ts'
import { waitFor } from '../../support/wait-for.ts'

const STOP_MS = 1000

describe('a service that stops', () => {
  const nodes: RealtimeNode[] = []
  const done: (() => unknown)[] = []
  afterAll(async () => {
    for (const close of done) close()
    for (const node of nodes) await node.stop()
  })

  async function start(port: number): Promise<RealtimeNode> {
    const node = await startRealtimeNode({ HTTP_PORT: String(port) })
    nodes.push(node)
    return node
  }

  it('[B3 B4 B5 S4-039] sends the clients of every protocol away with 1012, not all at once, and they come back', async () => {
    const port = await freePort()
    const first = await start(port)
    const token = await tokenOf('ann')
    const ws = `ws://127.0.0.1:${port}`
    const { client: native } = await NativeClient.connect(`${ws}/ws?token=${token}`)
    const unknown = await NativeClient.open(`${ws}/ws`)
    const raw = await RawPusher.open(port)
    const stream = await SseClient.open(`${first.url}/sse`, await bearer('ben'))
    await stream.next('connected')
    const pusher = await PusherUser.connect(port)
    const polling = await SocketIoUser.connect(first.url, {
      auth: { token },
      transports: ['polling'],
    })
    const io = await SocketIoUser.connect(first.url, { auth: { token }, transports: ['websocket'] })
    done.push(
      () => pusher.close(),
      () => polling.close(),
      () => io.close(),
    )
    const moments: number[] = []
    const left = () => void moments.push(performance.now())
    for (const { socket } of [native, raw]) socket.once('close', left)
    for (const { socket } of [polling, io]) socket.once('disconnect', left)

    const startedAt = performance.now()
    const stopping = first.stop()
    nodes.length = 0
    await waitFor(() => unknown.closed)
    const late = await NativeClient.refusal(`${ws}/ws?token=${token}`).catch(() => null)
    await stopping
    expect(performance.now() - startedAt).toBeLessThan(STOP_MS + 8000)
    if (late !== null) expect(late.status).toBe(503)
    for (const client of [native, unknown, raw]) expect((await client.ended()).code).toBe(1012)
    expect((await stream.next('end')).data).toEqual({ code: 1012, reason: 'restarting' })
    await waitFor(() => stream.isClosed && polling.reasons.length > 0 && io.reasons.length > 0)
    // After `io server disconnect` the library would stay away.
    expect([...polling.reasons, ...io.reasons]).not.toContain('io server disconnect')
    await waitFor(() => moments.length === 4)
    expect(Math.max(...moments) - Math.min(...moments)).toBeGreaterThan(STOP_MS * 0.15)

    await start(port)
    await pusher.state('connected')
    await waitFor(() => polling.of('connected').length === 2 && io.of('connected').length === 2)
  })
})
