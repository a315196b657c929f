import type { Channels } from './channels.ts'
import type { Resume } from './connection.ts'
import type { Credentials } from './credentials.ts'
import type { Emitter } from './emitter.ts'
import type { ClientEvents } from './events.ts'
import type { Inbox } from './inbox.ts'
import { Intake } from './intake.ts'
import { type ConnectionState, Live, type LiveListener } from './live.ts'
import type { ClientOptions } from './options.ts'
import type { Frame, NotificationPage } from './records.ts'
import { Requests } from './requests.ts'
import { Tabs } from './tabs.ts'

const POLL_MS = 10_000

interface Parts {
  readonly options: ClientOptions
  readonly base: () => string
  readonly credentials: Credentials
  readonly inbox: Inbox
  readonly events: Emitter<ClientEvents>
  readonly channels: Channels
  /** Asks for the newest page. */
  ask(): Promise<NotificationPage>
  changed(): void
  refresh(): void
  failed(error: unknown): void
  onState(state: ConnectionState): void
  onGivenUp(error: unknown): void
}

/** How the inbox is kept up to date: by this tab's connection or another's. */
export class Feed {
  readonly #parts: Parts
  readonly #resume: Resume = { sessionId: null, seq: 0 }
  readonly #requests = new Requests()
  readonly #intake: Intake
  readonly #tabs: Tabs
  /** Counts starts and stops: what was begun before is not finished. */
  #turn = 0

  constructor(parts: Parts) {
    const { inbox, changed } = parts
    this.#parts = parts
    this.#intake = new Intake({
      ...parts,
      requests: this.#requests,
      resume: this.#resume,
      join: (channel) => this.join(channel),
      received: (record) => {
        if (!this.#tabs.isLeader) return
        parts.options.analytics?.track('notification_received', record)
      },
    })
    this.#tabs = new Tabs({
      ...parts,
      resume: this.#resume,
      makeLive: (listener) => this.#makeLive(listener),
      onFrame: (frame) => this.#intake.frame(frame),
      onPage: (page) => this.page(page, inbox.now()),
      onRemoved: (id) => {
        inbox.remove(id)
        changed()
      },
    })
  }

  /** Becomes one of the tabs that share a connection. */
  start(): void {
    const { options, base, credentials, onGivenUp } = this.#parts
    const isShared = options.shareConnection ?? true
    this.#turn += 1
    const turn = this.#turn
    const name = async () => {
      const address = base()
      // Who cannot be known yet shares with nobody; the connection asks for the token again.
      const who = isShared ? await credentials.identity().catch(() => null) : null
      return who === null ? null : `belfry:${address}:${who}`
    }
    name().then(
      (shared) => {
        if (this.#turn === turn) this.#tabs.start(shared)
      },
      (error: unknown) => {
        if (this.#turn === turn) onGivenUp(error)
      },
    )
  }

  stop(): void {
    this.#turn += 1
    this.#intake.stop()
    this.#tabs.stop()
  }

  check(): void {
    this.#tabs.check()
  }

  /** `false`: there is no connection to send it by. */
  send(frame: Frame): boolean {
    return this.#tabs.send(frame)
  }

  /** Rejects with `ClientError`. */
  request(frame: Frame): Promise<Frame> {
    return this.#requests.ask(frame, (asked) => this.send(asked))
  }

  join(channel: string): void {
    this.request({ type: 'subscribe', channel }).catch((error: unknown) => {
      this.#parts.failed(error)
    })
  }

  /** The newest page, asked for when `inbox.now()` was `askedAt`. */
  page(page: NotificationPage, askedAt: number): void {
    this.#intake.page(page, askedAt)
  }

  /** A notification was deleted, which the service tells nobody. */
  removed(id: string): void {
    this.#tabs.removed(id)
  }

  #makeLive(listener: LiveListener): Live {
    const { options } = this.#parts
    const { WebSocket: given = globalThis.WebSocket as typeof WebSocket | undefined } = options
    return new Live({
      ...this.#parts,
      ...listener,
      resume: this.#resume,
      random: options.random ?? Math.random,
      pollMs: options.pollMs ?? POLL_MS,
      WebSocket: given ?? undefined,
    })
  }
}
