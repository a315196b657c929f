import { backoffMs } from './backoff.ts'
import type { Credentials } from './credentials.ts'
import type { Frame } from './records.ts'

/** The service pings each 25 s; whoever is silent for longer than two of them is gone. */
const SILENCE_MS = 60_000
/** After a sleep or a change of network: how long the other side has to show that it is there. */
const CHECK_MS = 5000
/** A connection that held this long makes the next loss a first one. */
const STABLE_MS = 5000

const ENDED = 1000
const UNAUTHENTICATED = 4001
const TAKEN_OVER = 4002

/** What a session is resumed by, and how far it has come. */
export interface Resume {
  sessionId: string | null
  seq: number
}

/** The place of a frame among what a user is told; 0: it has none, and comes once or not at all. */
export function seqOf({ type, seq }: Frame): number {
  return type !== 'event' && typeof seq === 'number' ? seq : 0
}

interface Parts {
  readonly base: () => string
  readonly credentials: Credentials
  readonly WebSocket: typeof WebSocket
  readonly random: () => number
  readonly resume: Resume
  onFrame(frame: Frame): void
  /** `failures`: connections in a row that never came to be. */
  onLost(failures: number): void
  /** The service ended the session: it is not to come back by itself. */
  onEnded(reason: string): void
}

/** One WebSocket to the service and its successors: it comes back until it is stopped. */
export class Connection {
  readonly #parts: Parts
  #socket: WebSocket | null = null
  /** Since when the service knows us; 0: it does not. */
  #connectedAt = 0
  /** Changes with every socket: what was begun for an earlier one is not finished. */
  #turn = 0
  #attempt = 0
  #failures = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #watch: ReturnType<typeof setTimeout> | undefined

  constructor(parts: Parts) {
    this.#parts = parts
  }

  get isConnected(): boolean {
    return this.#connectedAt > 0
  }

  start(): void {
    clearTimeout(this.#timer)
    void this.#open()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#drop()
  }

  /** `false`: there is nobody to send it to. */
  send(frame: Frame): boolean {
    if (!this.isConnected) return false
    this.#socket?.send(JSON.stringify(frame))
    return true
  }

  /** The machine woke up, or has another network: look at once whether we are connected. */
  check(): void {
    if (this.send({ type: 'ping' })) this.#expectFrameWithin(CHECK_MS)
    else if (this.#socket === null) this.start()
  }

  async #open(): Promise<void> {
    this.#drop()
    const { base, credentials, resume, WebSocket } = this.#parts
    const turn = this.#turn
    try {
      const token = await credentials.token()
      if (turn !== this.#turn) return // stopped, or begun anew
      const url = new URL(`${base().replace(/^http/, 'ws')}/ws?ack=1`)
      if (resume.sessionId !== null) url.searchParams.set('session_id', resume.sessionId)
      if (token === null) url.searchParams.set('user_id', credentials.userId ?? '')
      // Browsers can send no header, and what is in an address is in logs.
      this.#listen(token === null ? new WebSocket(url) : new WebSocket(url, ['belfry', token]))
    } catch {
      if (turn === this.#turn) this.#lost(0)
    }
  }

  #listen(socket: WebSocket): void {
    this.#socket = socket
    this.#expectFrameWithin(SILENCE_MS)
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(String(data)) as Frame)
    socket.onclose = ({ code, reason }) => this.#lost(code, reason)
  }

  #receive(frame: Frame): void {
    this.#expectFrameWithin(SILENCE_MS)
    if (frame.type === 'ping') return
    if (frame.type === 'connected') {
      this.#connectedAt = Date.now()
      this.#failures = 0
    }
    this.#parts.onFrame(frame)
  }

  #lost(code: number, reason = ''): void {
    const heldMs = this.isConnected ? Date.now() - this.#connectedAt : 0
    if (!this.isConnected) this.#failures += 1
    if (heldMs > STABLE_MS) this.#attempt = 0
    this.#drop()
    if (code === ENDED) {
      this.#parts.onEnded(reason)
      return
    }
    if (code === UNAUTHENTICATED) this.#parts.credentials.renew()
    if (code === TAKEN_OVER) this.#parts.resume.sessionId = null
    this.#parts.onLost(this.#failures)
    this.#timer = setTimeout(() => void this.#open(), backoffMs(this.#attempt, this.#parts.random))
    this.#attempt += 1
  }

  #expectFrameWithin(ms: number): void {
    clearTimeout(this.#watch)
    this.#watch = setTimeout(() => this.#lost(0), ms)
  }

  #drop(): void {
    this.#turn += 1
    clearTimeout(this.#watch)
    this.#connectedAt = 0
    const socket = this.#socket
    this.#socket = null
    if (socket === null) return
    socket.onmessage = null
    socket.onclose = null
    socket.close()
  }
}
