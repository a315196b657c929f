import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { Connection, GatewaySocket } from '../../../src/gateway/connection.ts'
import { TextFrame } from '../../../src/gateway/frame.ts'
import { FrameRun } from '../../../src/gateway/frame-run.ts'
import { WriteTurn } from '../../../src/gateway/write-turn.ts'
import { waitFor } from '../../support/wait-for.ts'

const texts = [
  '',
  'a',
  'ä€😀',
  'x'.repeat(125),
  'x'.repeat(126),
  'y'.repeat(65_535),
  'z'.repeat(65_536),
]

describe('TextFrame', () => {
  it('is made once per form, and small ones are never compressed', () => {
    const large = new TextFrame('x'.repeat(5000))
    expect(large.bytes(false)).toBe(large.bytes(false))
    expect(large.bytes(true)).toBe(large.bytes(true))
    expect(large.bytes(true).length).toBeLessThan(100)
    const small = new TextFrame('x'.repeat(1000))
    expect(small.bytes(true)).toBe(small.bytes(false))
  })
})

describe('FrameRun', () => {
  it('is shared by all that gather the same frames in the same order', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => new TextFrame(text)) as [
      TextFrame,
      TextFrame,
      TextFrame,
    ]
    const run = new FrameRun(a)
    expect(run.with(b)).toBe(run.with(b))
    expect(run.with(b).with(c).bytes(false)).toBe(run.with(b).with(c).bytes(false))
    const joined = Buffer.concat([a, b, c].map((frame) => frame.bytes(false)))
    expect(run.with(b).with(c).bytes(false)).toEqual(joined)
    expect(run.with(c).bytes(false)).toEqual(Buffer.concat([a.bytes(false), c.bytes(false)]))
    expect(run.bytes(false)).toBe(a.bytes(false))
  })
})

describe('Connection writes past ws to the network socket', () => {
  const http = createServer()
  const home = { node: 'n', turn: new WriteTurn(), now: () => 0, cut: () => {}, gone: () => {} }
  const accepted: { connection: Connection; ws: GatewaySocket; socket: Duplex }[] = []
  let url = ''

  beforeAll(async () => {
    const server = new WebSocketServer({
      noServer: true,
      WebSocket: GatewaySocket,
      perMessageDeflate: { serverNoContextTakeover: true },
    })
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      server.handleUpgrade(request, socket, head, (ws) => {
        const connection = new Connection({ ws, socket, home, serial: 1, from: '' })
        accepted.push({ connection, ws, socket })
      })
    })
    http.listen(0, '127.0.0.1')
    await once(http, 'listening')
    url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`
  })

  afterAll(() => {
    for (const { connection } of accepted) connection.terminate()
    http.close()
  })

  async function open(perMessageDeflate: boolean) {
    const client = new WebSocket(url, { perMessageDeflate })
    const got: string[] = []
    client.on('message', (data) => got.push(data.toString()))
    await once(client, 'open')
    return { ...accepted.at(-1)!, client, got }
  }

  for (const compressed of [false, true]) {
    it(`and clients understand it, ${compressed ? 'with' : 'without'} compression`, async () => {
      const { connection, client, got } = await open(compressed)
      expect(client.extensions !== '').toBe(compressed)
      for (const text of texts) connection.send(new TextFrame(text))
      await waitFor(() => got.length === texts.length)
      for (const text of texts) {
        connection.send(new TextFrame(text))
        connection.flush()
      }
      await waitFor(() => got.length === 2 * texts.length)
      expect(got).toEqual([...texts, ...texts])
    })
  }

  it('between the frames that ws writes itself: pongs, pings and the closing one', async () => {
    const { connection, ws, client, got } = await open(true)
    const filler = 'f'.repeat(2000)
    for (let n = 0; n < 50; n++) {
      client.ping()
      connection.send(new TextFrame(`${n}${filler}`))
      if (n % 7 === 0) connection.beat()
      if (n % 5 === 0) await new Promise((go) => setImmediate(go))
    }
    connection.close(4321, 'over')
    const [code] = (await once(client, 'close')) as [number]
    expect(code).toBe(4321)
    expect(got).toEqual(Array.from({ length: 50 }, (_, n) => `${n}${filler}`))
    expect(ws.readyState).not.toBe(WebSocket.OPEN)
    connection.send(new TextFrame('too late'))
  })

  it('once per turn, whatever was sent meanwhile', async () => {
    const { connection, socket, got } = await open(false)
    let writes = 0
    const write = socket.write.bind(socket)
    socket.write = ((...args: Parameters<typeof write>) => {
      writes += 1
      return write(...args)
    }) as typeof socket.write
    for (let n = 0; n < 8; n++) connection.send(new TextFrame(String(n)))
    await waitFor(() => got.length === 8)
    expect(writes).toBe(1)
  })
})
