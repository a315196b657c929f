import type { Resume } from './connection.ts'
import type { ConnectionState, Live, LiveListener } from './live.ts'
import type { Frame, NotificationPage } from './records.ts'

/** What tabs tell each other; all but `hello` and `send` come from the one that leads. */
type Told =
  | { readonly kind: 'state'; readonly state: ConnectionState; readonly resume: Resume }
  | { readonly kind: 'frame'; readonly frame: Frame }
  | { readonly kind: 'page'; readonly page: NotificationPage }
  | { readonly kind: 'hello' }
  | { readonly kind: 'send'; readonly frame: Frame }
  | { readonly kind: 'removed'; readonly id: string }

interface Parts extends LiveListener {
  readonly resume: Resume
  makeLive(listener: LiveListener): Live
  /** Another tab deleted a notification, which the service tells nobody. */
  onRemoved(id: string): void
}

/**
 * One connection for all tabs of a user in a browser: whoever holds a Web Lock
 * has it and hands on what comes; when that tab goes, the next one resumes its
 * session. Where there are no locks or channels each tab has its own.
 */
export class Tabs {
  readonly #parts: Parts
  #channel: BroadcastChannel | null = null
  #live: Live | null = null
  /** Ends the wait for the lock, or gives it back. */
  #leave: () => void = () => {}

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Whether the connection is this tab's. */
  get isLeader(): boolean {
    return this.#live !== null
  }

  /** Joins the tabs that share `name`; `null`: shares with nobody. */
  start(name: string | null): void {
    const locks = (globalThis.navigator as Navigator | undefined)?.locks
    if (name === null || locks === undefined || typeof BroadcastChannel === 'undefined') {
      this.#lead()
      return
    }
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = ({ data }) => this.#hear(data as Told)
    const waiting = new AbortController()
    this.#leave = () => waiting.abort()
    const hold = () =>
      new Promise<void>((release) => {
        this.#leave = release
        this.#lead()
      })
    locks.request(name, { signal: waiting.signal }, hold).catch(() => {
      // Only an abort rejects: this tab left before its turn came.
    })
    this.#tell({ kind: 'hello' })
  }

  stop(): void {
    this.#channel?.close()
    this.#channel = null
    const live = this.#live
    this.#live = null
    live?.stop()
    this.#leave()
  }

  /** `false`: there is no connection to send it by. */
  send(frame: Frame): boolean {
    if (this.#live !== null) return this.#live.send(frame)
    if (this.#channel === null) return false
    this.#tell({ kind: 'send', frame })
    return true
  }

  check(): void {
    this.#live?.check()
  }

  removed(id: string): void {
    this.#tell({ kind: 'removed', id })
  }

  #lead(): void {
    const { resume, makeLive, onState, onFrame, onPage, onGivenUp } = this.#parts
    this.#live = makeLive({
      onState: (state) => {
        onState(state)
        // A tab that leaves has a successor at once.
        if (state !== 'disconnected') this.#tell({ kind: 'state', state, resume })
      },
      onFrame: (frame) => {
        this.#tell({ kind: 'frame', frame })
        onFrame(frame)
      },
      onPage: (page) => {
        this.#tell({ kind: 'page', page })
        onPage(page)
      },
      onGivenUp,
    })
    this.#live.start()
  }

  #hear(told: Told): void {
    if (told.kind === 'removed') this.#parts.onRemoved(told.id)
    else if (this.#live !== null) this.#answer(this.#live, told)
    else this.#follow(told)
  }

  /** What the tab that leads has heard. */
  #follow(told: Told): void {
    const { resume, onState, onFrame, onPage } = this.#parts
    if (told.kind === 'frame') onFrame(told.frame)
    else if (told.kind === 'page') onPage(told.page)
    else if (told.kind === 'state') {
      // A tab that has just come, or was kept aside, begins where the others are.
      if (resume.sessionId !== told.resume.sessionId) Object.assign(resume, told.resume)
      onState(told.state)
    }
  }

  /** What the others want of the tab that leads. */
  #answer(live: Live, told: Told): void {
    const { resume } = this.#parts
    if (told.kind === 'hello') this.#tell({ kind: 'state', state: live.state, resume })
    if (told.kind !== 'send' || live.send(told.frame)) return
    const error = { code: 'unavailable', message: 'There is no connection.' }
    this.#tell({ kind: 'frame', frame: { type: 'error', ref: told.frame.ref, ...error } })
  }

  #tell(told: Told): void {
    this.#channel?.postMessage(told)
  }
}
