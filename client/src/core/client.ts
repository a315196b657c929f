import { type ChannelHandler, Channels } from './channels.ts'
import { ClientError } from './client-error.ts'
import { Credentials, type TokenSource } from './credentials.ts'
import { Emitter } from './emitter.ts'
import type { ClientEvents, Snapshot } from './events.ts'
import { Feed } from './feed.ts'
import { HttpApi } from './http-api.ts'
import { Inbox } from './inbox.ts'
import { InboxActions } from './inbox-actions.ts'
import type { ConnectionState } from './live.ts'
import type { ClientOptions } from './options.ts'
import { watchPage } from './page-watch.ts'
import type { Frame } from './records.ts'

const PAGE_SIZE = 20

/**
 * A user's notifications in a browser: kept up to date over one WebSocket for
 * all tabs, resumed without loss, asked for over HTTP where there is no socket.
 */
export class NotificationClient extends InboxActions {
  readonly #credentials: Credentials
  readonly #inbox: Inbox
  readonly #events = new Emitter<ClientEvents>()
  readonly #changes = new Emitter<{ readonly change: undefined }>()
  readonly #channels = new Channels()
  readonly #feed: Feed
  #state: ConnectionState = 'disconnected'
  #snapshot: Snapshot | null = null
  #refreshes = 0
  #holders = 0
  #connecting: Promise<void> | null = null
  #settle: { resolve(): void; reject(error: unknown): void } | null = null
  #stopWatching: () => void = () => {}

  /** Only keeps its options: it may be made where pages are rendered on a server. */
  constructor(options: ClientOptions = {}) {
    const { token, userId, pageSize = PAGE_SIZE } = options
    const base = () => baseOf(options)
    const credentials = new Credentials(token, userId)
    const call = options.fetch ?? ((...given: Parameters<typeof fetch>) => fetch(...given))
    const http = new HttpApi({ base, credentials, fetch: call })
    const inbox = new Inbox()
    super({
      ...{ http, inbox, credentials, pageSize },
      changed: () => this.#changed(),
      refresh: () => this.refresh(),
      removed: (id) => this.#feed.removed(id),
    })
    this.#credentials = credentials
    this.#inbox = inbox
    this.#feed = new Feed({
      ...{ options, base, credentials, inbox, events: this.#events, channels: this.#channels },
      ask: () => this.list(),
      changed: () => this.#changed(),
      refresh: () => this.#refreshSoon(),
      failed: (error) => this.#failed(error),
      onState: (state) => this.#become(state),
      onGivenUp: (error) => this.#end(error),
    })
  }

  get connectionState(): ConnectionState {
    return this.#state
  }

  get isConnected(): boolean {
    return this.#state === 'connected'
  }

  /** Everything that is to be shown; the same object until something changes. */
  get snapshot(): Snapshot {
    const { notifications, stats, unreadCount, nextCursor, isLoaded } = this.#inbox
    this.#snapshot ??= {
      ...{ notifications, stats, unreadCount },
      hasMore: nextCursor !== null,
      loading: this.#refreshes > 0 || (!isLoaded && this.#state !== 'disconnected'),
      connectionState: this.#state,
      isConnected: this.isConnected,
    }
    return this.#snapshot
  }

  /**
   * Connects, with another token if one is given. Resolves once it hears the
   * service, by a socket or by asking; rejects when the service does not know us.
   */
  connect(token?: TokenSource): Promise<void> {
    if (token !== undefined) this.#credentials.replace(token)
    this.#connecting ??= new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
      this.#become('connecting')
      this.#stopWatching = watchPage({
        onBack: () => this.#feed.check(),
        onHidden: () => this.#feed.stop(),
        onShown: () => {
          this.#feed.start()
          this.#refreshSoon() // what the other tabs heard meanwhile
        },
      })
      this.#feed.start()
    })
    return this.#connecting
  }

  disconnect(): void {
    this.#end(null)
  }

  /** Connects as long as somebody holds it, as hooks and elements do. Answers with how to let go. */
  retain(): () => void {
    this.#holders += 1
    if (this.#holders === 1) this.connect().catch(() => {}) // told by the event `error`
    let isHeld = true
    return () => {
      if (isHeld) this.#holders -= 1
      isHeld = false
      // Frameworks take views away and put them back within one turn.
      setTimeout(() => {
        if (this.#holders === 0) this.disconnect()
      })
    }
  }

  /** Answers with what takes the handler away again. */
  on<Name extends keyof ClientEvents>(
    name: Name,
    handler: (data: ClientEvents[Name]) => void,
  ): () => void {
    return this.#events.on(name, handler)
  }

  off<Name extends keyof ClientEvents>(
    name: Name,
    handler: (data: ClientEvents[Name]) => void,
  ): void {
    this.#events.off(name, handler)
  }

  /** Calls whenever `snapshot` is another one. Answers with how to stop that. */
  onChange(listener: () => void): () => void {
    return this.#changes.on('change', listener)
  }

  /** Sends a frame of the realtime protocol: `sendMessage('read', { id })`. `false`: it cannot be sent. */
  sendMessage(type: string, data: Readonly<Record<string, unknown>> = {}): boolean {
    return this.#feed.send({ ...data, type })
  }

  /** Sends a frame and answers with its result. Rejects with `ClientError`. */
  request(type: string, data: Readonly<Record<string, unknown>> = {}): Promise<Frame> {
    return this.#feed.request({ ...data, type })
  }

  /**
   * Hears what is broadcast on a channel, from now on and after every reconnect;
   * a refusal comes as the event `error`. Answers with how to stop hearing it: the
   * connection, which other tabs may share, stays on the channel until it ends.
   */
  channel(name: string, handler: ChannelHandler): () => void {
    const stop = this.#channels.add(name, handler)
    if (this.isConnected) this.#feed.join(name)
    return stop
  }

  /** Asks for the newest page and the count. */
  async refresh(): Promise<void> {
    this.#refreshes += 1
    this.#changed()
    const askedAt = this.#inbox.now()
    try {
      this.#feed.page(await this.list(), askedAt)
    } finally {
      this.#refreshes -= 1
      this.#changed()
    }
  }

  #refreshSoon(): void {
    this.refresh().catch((error: unknown) => this.#failed(error))
  }

  #become(state: ConnectionState): void {
    if (state === this.#state) return
    this.#state = state
    this.#changed()
    this.#events.emit('connection_state', state)
    if (state !== 'connected' && state !== 'polling') return
    this.#settle?.resolve()
    this.#settle = null
    if (!this.#inbox.isLoaded && this.#refreshes === 0) this.#refreshSoon()
  }

  #failed(error: unknown): void {
    const known =
      error instanceof ClientError ? error : new ClientError('internal', String(error), 0)
    this.#events.emit('error', known)
  }

  /** `null`: because it was asked to. */
  #end(error: unknown): void {
    if (this.#connecting === null) return
    const settle = this.#settle
    this.#connecting = null
    this.#settle = null
    this.#stopWatching()
    this.#feed.stop()
    this.#become('disconnected')
    if (error === null) settle?.resolve()
    else {
      settle?.reject(error)
      this.#failed(error)
    }
  }

  #changed(): void {
    this.#snapshot = null
    this.#changes.emit('change', undefined)
  }
}

function baseOf({ url = globalThis.location?.origin }: ClientOptions): string {
  if (url !== undefined) return url.replace(/\/$/, '')
  throw new ClientError('invalid_payload', 'Say where the service is: the option url.')
}
