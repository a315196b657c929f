import { type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import { api, type Json, Problem } from './api.ts'
import { type Happening, onTail } from './stream.ts'

export interface Resource {
  readonly data: ReadonlySignal<Json | undefined>
  readonly error: ReadonlySignal<Problem | null>
  reload(): Promise<void>
}

interface Options {
  /** Asks again this often while the tab is visible; at most. */
  readonly everyMs?: number
  /** Asks again when something happens whose name begins so. */
  readonly on?: readonly string[]
  /** … to the thing of this id; default: to anything. */
  readonly about?: string
}

/** Soon enough to look live, seldom enough for ten thousand events. */
const CALM_MS = 400

/** What the service says at a path, kept fresh while a component shows it; `null`: nothing yet. */
export function useResource(path: string | null, options: Options = {}): Resource {
  const resource = useMemo(() => new Loading(path), [path])
  const { everyMs, on, about } = options
  const wanted = on?.join(' ') ?? ''
  useEffect(() => {
    void resource.reload()
    const timer = everyMs === undefined ? 0 : setInterval(() => resource.refresh(), everyMs)
    const words = wanted === '' ? [] : wanted.split(' ')
    const stop = onTail((events) => {
      const matters = ({ what, id, notification_id: of }: Happening) =>
        words.some((word) => what.startsWith(word)) &&
        (about === undefined || about === id || about === of)
      if (events.some(matters)) resource.soon()
    })
    return () => {
      clearInterval(timer)
      stop()
      resource.end()
    }
  }, [resource, everyMs, wanted, about])
  return resource
}

class Loading implements Resource {
  readonly data: Signal<Json | undefined> = signal(undefined)
  readonly error: Signal<Problem | null> = signal(null)
  readonly #path: string | null
  #waiting = 0
  #asked = 0

  constructor(path: string | null) {
    this.#path = path
  }

  reload = async (): Promise<void> => {
    if (this.#path === null) return
    const turn = ++this.#asked
    try {
      const data = await api.get(this.#path)
      if (turn !== this.#asked) return
      this.data.value = data
      this.error.value = null
    } catch (error) {
      if (turn === this.#asked) this.error.value = error instanceof Problem ? error : null
    }
  }

  refresh(): void {
    if (!document.hidden) void this.reload()
  }

  soon(): void {
    if (this.#waiting !== 0) return
    this.#waiting = setTimeout(() => {
      this.#waiting = 0
      void this.reload()
    }, CALM_MS) as unknown as number
  }

  end(): void {
    clearTimeout(this.#waiting)
    this.#waiting = 0
    this.#asked += 1
  }
}
