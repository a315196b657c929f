import { createRequire } from 'node:module'
import type EchoModule from 'laravel-echo'
import Echo from 'laravel-echo'
import PusherServer from 'pusher'
import type * as PusherModule from 'pusher-js'
import { WebSocket } from 'ws'
import { APP_SECRET, bearer } from './realtime-node.ts'
import { waitFor } from './wait-for.ts'

type Pusher = PusherModule.default
/** The build for Node is one function, whatever its types say. */
const PusherClass = createRequire(import.meta.url)('pusher-js') as new (
  key: string,
  options: PusherModule.Options,
) => Pusher

export interface Heard {
  readonly event: string
  readonly channel: string | null
  // biome-ignore lint/suspicious/noExplicitAny: tests read events of every shape.
  readonly data: any
}

/** On an open connection, and in the handshake. */
interface PusherError {
  readonly data?: { readonly code?: number }
  readonly error?: PusherError
}

interface Person {
  readonly user: string
  readonly claims?: Readonly<Record<string, unknown>>
}

/** The real `pusher-js`, with a list of what it heard. */
export class PusherUser {
  readonly pusher: Pusher
  readonly heard: Heard[] = []
  readonly errors: { code?: number }[] = []

  private constructor(pusher: Pusher) {
    this.pusher = pusher
    pusher.connection.bind('message', ({ event, channel = null, data }: Heard) => {
      this.heard.push({ event, channel, data })
    })
    pusher.connection.bind('error', ({ data, error }: PusherError) => {
      this.errors.push(data ?? error?.data ?? {})
    })
  }

  /** `person` is whom its channel and user authentication is for. */
  static async create(port: number, person: Person | null, key = 'belfry'): Promise<PusherUser> {
    return new PusherUser(new PusherClass(key, await optionsFor(port, person)))
  }

  /** Waits until it is connected. */
  static async connect(
    port: number,
    person: Person | null = null,
    key = 'belfry',
  ): Promise<PusherUser> {
    const client = await PusherUser.create(port, person, key)
    await client.state('connected')
    return client
  }

  get socketId(): string {
    return this.pusher.connection.socket_id
  }

  async state(wanted: string): Promise<void> {
    const { connection } = this.pusher
    await waitFor(() => connection.state === wanted, { message: `it did not become ${wanted}` })
  }

  /** Subscribes and waits for the answer: what the channel was told, or the refusal. */
  async subscribe(channel: string): Promise<Heard> {
    const before = this.heard.length
    const subscribed = this.pusher.subscribe(channel)
    let refusal: Heard | null = null
    subscribed.bind('pusher:subscription_error', (data: unknown) => {
      refusal = { event: 'pusher:subscription_error', channel, data }
    })
    return waitFor(
      () =>
        this.heard.slice(before).find((each) => each.channel === channel && isAnswer(each.event)) ??
        refusal,
      { message: `nothing was said about ${channel}` },
    )
  }

  of(event: string, channel?: string): Heard[] {
    return this.heard.filter(
      (each) => each.event === event && (channel === undefined || each.channel === channel),
    )
  }

  next(event: string, fits: (heard: Heard) => boolean = () => true): Promise<Heard> {
    return waitFor(() => this.of(event).find(fits), { message: `no ${event} was heard` })
  }

  async signIn(): Promise<void> {
    this.pusher.signin()
    await this.next('pusher:signin_success')
  }

  close(): void {
    this.pusher.disconnect()
  }
}

function isAnswer(event: string): boolean {
  return event === 'pusher_internal:subscription_succeeded' || event === 'pusher:subscription_error'
}

/**
 * Who a client must think is there: what it was shown at first, and what it was told
 * since. Throws when that does not fit together.
 */
export function roster(client: PusherUser, channel: string): string[] {
  const present = new Set<string>()
  for (const { event, data, channel: on } of client.heard) {
    if (on !== channel) continue
    if (event === 'pusher_internal:subscription_succeeded') {
      present.clear()
      for (const id of data.presence.ids) present.add(id)
    } else if (event === 'pusher_internal:member_added') {
      if (present.has(data.user_id)) throw new Error(`${data.user_id} came twice`)
      present.add(data.user_id)
    } else if (event === 'pusher_internal:member_removed') {
      if (!present.delete(data.user_id)) throw new Error(`${data.user_id} left twice`)
    }
  }
  return [...present].sort()
}

async function optionsFor(port: number, person: Person | null) {
  const headers = person === null ? {} : await bearer(person.user, person.claims)
  const url = `http://127.0.0.1:${port}/broadcasting`
  return {
    cluster: '',
    wsHost: '127.0.0.1',
    wsPort: port,
    forceTLS: false,
    enabledTransports: ['ws' as const],
    channelAuthorization: { endpoint: `${url}/auth`, transport: 'ajax' as const, headers },
    userAuthentication: { endpoint: `${url}/user-auth`, transport: 'ajax' as const, headers },
  }
}

/** The real Laravel Echo over the real `pusher-js`. */
export async function openEcho(
  port: number,
  person: Person,
  broadcaster: 'pusher' | 'reverb' = 'reverb',
): Promise<EchoModule<'pusher'>> {
  const headers = await bearer(person.user, person.claims)
  const url = `http://127.0.0.1:${port}/broadcasting`
  const EchoClass = Echo as unknown as new (options: object) => EchoModule<'pusher'>
  return new EchoClass({
    broadcaster,
    Pusher: PusherClass,
    key: 'belfry',
    cluster: '',
    wsHost: '127.0.0.1',
    wsPort: port,
    forceTLS: false,
    enabledTransports: ['ws'],
    authEndpoint: `${url}/auth`,
    auth: { headers },
    userAuthentication: { endpoint: `${url}/user-auth`, headers },
  })
}

/** The official server library. */
export function pusherServer(port: number, more: object = {}): PusherServer {
  return new PusherServer({
    appId: 'belfry',
    key: 'belfry',
    secret: APP_SECRET,
    host: '127.0.0.1',
    port: String(port),
    useTLS: false,
    ...more,
  })
}

/** A socket that says what it likes, as no good client would. */
export class RawPusher {
  // biome-ignore lint/suspicious/noExplicitAny: tests read frames of every shape.
  readonly frames: any[] = []
  readonly socket: WebSocket
  closed: { code: number; reason: string } | null = null

  private constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.socket = new WebSocket(url, { headers })
    this.socket.on('message', (text) => void this.frames.push(JSON.parse(text.toString())))
    this.socket.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() }
    })
    this.socket.on('error', () => {})
  }

  static async open(
    port: number,
    path = '/app/belfry?protocol=7',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawPusher> {
    const raw = new RawPusher(`ws://127.0.0.1:${port}${path}`, headers)
    await waitFor(() => raw.frames.length > 0 || raw.closed)
    return raw
  }

  get socketId(): string {
    return JSON.parse(this.frames[0].data).socket_id
  }

  send(event: string, data: unknown, channel?: string): void {
    this.socket.send(JSON.stringify({ event, data, channel }))
  }

  // biome-ignore lint/suspicious/noExplicitAny: see above.
  next(event: string, fits: (frame: any) => boolean = () => true): Promise<any> {
    return waitFor(() => this.frames.find((frame) => frame.event === event && fits(frame)), {
      message: `no ${event} came`,
    })
  }

  async ended(): Promise<{ code: number; reason: string }> {
    return waitFor(() => this.closed, { message: 'the server did not close' })
  }

  close(): void {
    this.socket.terminate()
  }
}
