import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { NativeClient } from '../../support/native-client.ts'
import { RawPusher } from '../../support/pusher-clients.ts'
import { type RealtimeNode, startRealtimeNode, tokenOf } from '../../support/realtime-node.ts'
import { SocketIoUser } from '../../support/socketio-client.ts'
import { SseClient } from '../../support/sse-client.ts'
import { waitFor } from '../../support/wait-for.ts'

const OURS = 'https://app.example'
const FOREIGN = 'https://evil.example'
const MOST_OF_A_USER = 20
const TOO_LARGE = 70_000

/** What is promised to a client whatever it speaks, in the words of its protocol. */
interface Protocol {
  readonly name: string
  /** Rejects with what a client is told that is not let in. */
  open(token: string, origin?: string): Promise<Guest>
  readonly foreign: unknown
  readonly tooMany: unknown
  readonly expired: unknown
  /** `null`: clients have nothing to say. */
  readonly tooLarge: unknown
}

interface Guest {
  say?(text: string): void
  isOver(): boolean
  /** Why the server ended it. */
  why(): unknown
  close(): void
}

/** A refusal, as the client hears of it. */
class Refused {
  readonly why: unknown

  constructor(why: unknown) {
    this.why = why
  }
}

let node: RealtimeNode
let guests: Guest[] = []
beforeAll(async () => {
  node = await startRealtimeNode({ BELFRY_ORIGINS: OURS })
})
afterEach(() => {
  for (const guest of guests) guest.close()
  guests = []
})
afterAll(() => node.stop())

const headersOf = (origin?: string) => (origin === undefined ? {} : { origin })

const PROTOCOLS: readonly Protocol[] = [
  {
    name: 'native',
    ...{ foreign: 403, tooMany: 429, expired: 4001, tooLarge: 1009 },
    async open(token, origin) {
      const url = `ws://127.0.0.1:${node.port}/ws?token=${token}`
      const options = { headers: headersOf(origin) }
      const connected = await NativeClient.connect(url, options).catch(() => null)
      if (connected === null) throw new Refused((await NativeClient.refusal(url, options)).status)
      const { client } = connected
      return {
        say: (text) => client.send({ type: 'ping', text }),
        isOver: () => client.closed !== null,
        why: () => client.closed?.code,
        close: () => client.cut(),
      }
    },
  },
  {
    name: 'Pusher',
    ...{ foreign: 1006, tooMany: 4004, expired: 4100, tooLarge: 1009 },
    async open(token, origin) {
      const path = `/app/belfry?protocol=7&token=${token}`
      const client = await RawPusher.open(node.port, path, headersOf(origin))
      if (client.frames[0]?.event !== 'pusher:connection_established') {
        throw new Refused((await client.ended()).code)
      }
      return {
        say: (text) => client.send('pusher:ping', text),
        isOver: () => client.closed !== null,
        why: () => client.closed?.code,
        close: () => client.close(),
      }
    },
  },
  ...(['polling', 'websocket'] as const).map(
    (transport): Protocol => ({
      name: `Socket.IO over ${transport}`,
      foreign: expect.any(String),
      tooMany: 'rate_limit_exceeded',
      expired: 4001,
      // Over polling it is an HTTP request with its own limit.
      tooLarge: transport === 'polling' ? null : 'transport close',
      async open(token, origin) {
        const options = { reconnection: false, transports: [transport], auth: { token } }
        const user = new SocketIoUser(node.url, { ...options, extraHeaders: headersOf(origin) })
        await waitFor(() => user.of('connected').length > 0 || user.errors.length > 0)
        const [error] = user.errors
        if (error) throw new Refused(error.data?.code ?? error.message)
        return {
          say: (text) => void user.socket.emit('list', { cursor: text }),
          isOver: () => user.reasons.length > 0,
          why: () => user.of('closing')[0]?.code ?? user.reasons[0],
          close: () => user.close(),
        }
      },
    }),
  ),
  {
    name: 'an event stream',
    ...{ foreign: 403, tooMany: 429, expired: 4001, tooLarge: null },
    async open(token, origin) {
      const headers = { authorization: `Bearer ${token}`, ...headersOf(origin) }
      const client = await SseClient.open(`${node.url}/sse`, headers)
      if (client.status !== 200) throw new Refused(client.status)
      await client.next('connected')
      return {
        isOver: () => client.isClosed,
        why: () => client.of('end')[0]?.data.code,
        close: () => client.close(),
      }
    },
  },
]

async function open(protocol: Protocol, token: string, origin?: string): Promise<Guest> {
  const guest = await protocol.open(token, origin)
  guests.push(guest)
  return guest
}

async function endOf(guest: Guest): Promise<unknown> {
  await waitFor(() => guest.isOver(), { message: 'it was not ended' })
  return guest.why()
}

const refusalOf = (opening: Promise<Guest>) =>
  opening.then(
    () => expect.fail('it was let in'),
    (refused: Refused) => refused.why,
  )

describe.each(PROTOCOLS)('$name', (protocol) => {
  const user = protocol.name.replaceAll(/\W/g, '-')

  it('[S4-008] refuses pages of foreign origins, and takes our own', async () => {
    const token = await tokenOf(user)
    expect(await refusalOf(open(protocol, token, FOREIGN))).toEqual(protocol.foreign)
    await open(protocol, token, OURS)
    await open(protocol, token)
  })

  it('[S4-037] refuses the connection beyond the limit of a user, until one has gone', async () => {
    const token = await tokenOf(`many-${user}`)
    const all = Array.from({ length: MOST_OF_A_USER }, () => open(protocol, token))
    const [first] = await Promise.all(all)
    expect(await refusalOf(open(protocol, token))).toEqual(protocol.tooMany)
    await open(protocol, await tokenOf(`other-${user}`))
    first?.close()
    await waitFor(() => open(protocol, token).catch(() => null), { message: 'no place was free' })
  })

  it.runIf(protocol.tooLarge !== null)('closes only what sends more than 64 KiB', async () => {
    const big = await open(protocol, await tokenOf(`big-${user}`))
    const other = await open(protocol, await tokenOf(`small-${user}`))
    big.say?.('x'.repeat(TOO_LARGE))
    expect(await endOf(big)).toEqual(protocol.tooLarge)
    expect(other.isOver()).toBe(false)
  })
})

it('[S4-043] a connection ends when its token does, whatever it speaks', async () => {
  const exp = Math.floor(Date.now() / 1000) + 4
  const brief = await Promise.all(
    PROTOCOLS.map(async (each) => open(each, await tokenOf('brief', { exp }))),
  )
  const lasting = await Promise.all(
    PROTOCOLS.map(async (each) => open(each, await tokenOf('lasting'))),
  )
  expect(await Promise.all(brief.map(endOf))).toEqual(PROTOCOLS.map(({ expired }) => expired))
  expect(Date.now() / 1000).toBeGreaterThan(exp - 0.5)
  expect(lasting.map((guest) => guest.isOver())).toEqual(PROTOCOLS.map(() => false))
})
