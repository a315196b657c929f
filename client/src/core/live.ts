import { Connection, type Resume, seqOf } from './connection.ts'
import type { Credentials } from './credentials.ts'
import { isUnauthenticated } from './http-api.ts'
import type { Frame, NotificationPage } from './records.ts'

/** Where a client stands; `polling`: there is no socket, the inbox is asked for over HTTP. */
export type ConnectionState =
  | 'disconnected'
  | 'connecting'
  | 'connected'
  | 'reconnecting'
  | 'polling'

/** Failed sockets in a row after which HTTP is asked instead, while sockets are still tried. */
const POLL_AFTER = 2
/** Acknowledgements of frames that come together are one. */
const ACK_MS = 50

/** Who hears of what comes from the service. */
export interface LiveListener {
  onState(state: ConnectionState): void
  onFrame(frame: Frame): void
  onPage(page: NotificationPage): void
  /** It has given up: the service does not know us, or ended the session. */
  onGivenUp(error: unknown): void
}

interface Parts extends LiveListener {
  readonly base: () => string
  readonly credentials: Credentials
  /** Asks for the newest page. */
  ask(): Promise<NotificationPage>
  /** `undefined`: this browser has none. */
  readonly WebSocket: typeof WebSocket | undefined
  readonly random: () => number
  readonly resume: Resume
  readonly pollMs: number
}

/** What comes from the service, by a socket where there can be one, else by asking. */
export class Live {
  readonly #parts: Parts
  readonly #connection: Connection | null
  #state: ConnectionState = 'disconnected'
  #pollTimer: ReturnType<typeof setTimeout> | undefined
  #ackTimer: ReturnType<typeof setTimeout> | undefined
  /** Changes whenever polling begins or ends; `null`: there is none. */
  #polling: object | null = null

  constructor(parts: Parts) {
    this.#parts = parts
    const { WebSocket } = parts
    this.#connection =
      WebSocket === undefined
        ? null
        : new Connection({
            ...parts,
            WebSocket,
            onFrame: (frame) => this.#onFrame(frame),
            onLost: (failures) => this.#onLost(failures),
            onEnded: (reason) => this.#giveUp(new Error(`The session was ended: ${reason}.`)),
          })
  }

  get state(): ConnectionState {
    return this.#state
  }

  start(): void {
    this.#become('connecting')
    if (this.#connection === null) this.#startPolling()
    else this.#connection.start()
  }

  stop(): void {
    this.#connection?.stop()
    this.#stopPolling()
    this.#become('disconnected')
  }

  send(frame: Frame): boolean {
    return this.#connection?.send(frame) ?? false
  }

  check(): void {
    if (this.#state !== 'disconnected') this.#connection?.check()
  }

  #onFrame(frame: Frame): void {
    if (frame.type === 'connected') {
      this.#stopPolling()
      this.#become('connected')
    }
    this.#parts.onFrame(frame)
    if (seqOf(frame) > 0) this.#acknowledgeSoon()
  }

  /** What was handed on is acknowledged; what is not comes again after a resume. */
  #acknowledgeSoon(): void {
    this.#ackTimer ??= setTimeout(() => {
      this.#ackTimer = undefined
      this.send({ type: 'ack', up_to: this.#parts.resume.seq })
    }, ACK_MS)
  }

  #onLost(failures: number): void {
    if (this.#state === 'connected') this.#become('reconnecting')
    if (failures >= POLL_AFTER) this.#startPolling()
  }

  #startPolling(): void {
    if (this.#polling !== null) return
    this.#polling = {}
    void this.#poll(this.#polling)
  }

  #stopPolling(): void {
    this.#polling = null
    clearTimeout(this.#pollTimer)
  }

  async #poll(turn: object): Promise<void> {
    const { pollMs } = this.#parts
    try {
      const page = await this.#parts.ask()
      if (this.#polling !== turn) return
      this.#become('polling')
      this.#parts.onPage(page)
    } catch (error) {
      if (this.#polling !== turn) return
      if (isUnauthenticated(error)) {
        this.#giveUp(error)
        return
      }
      this.#become('reconnecting')
    }
    this.#pollTimer = setTimeout(() => void this.#poll(turn), pollMs)
  }

  #giveUp(error: unknown): void {
    this.stop()
    this.#parts.onGivenUp(error)
  }

  #become(state: ConnectionState): void {
    if (state === this.#state) return
    this.#state = state
    this.#parts.onState(state)
  }
}
