import type { Frame } from './frame.ts'
import { FrameRun } from './frame-run.ts'

/** Something that gathers frames during a turn of the event loop. */
export interface Gathering {
  flush(): void
}

/**
 * Lets every connection write once per turn of the event loop, whatever it was
 * sent meanwhile. Without load nothing waits longer than that turn.
 */
export class WriteTurn {
  #waiting: Gathering[] = []
  #first: FrameRun | null = null

  add(gathering: Gathering): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush())
    this.#waiting.push(gathering)
  }

  /** The run of a single frame, the same one for connections that follow each other. */
  start(frame: Frame): FrameRun {
    if (!this.#first?.startsWith(frame)) this.#first = new FrameRun(frame)
    return this.#first
  }

  #flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    this.#first = null
    for (const gathering of waiting) gathering.flush()
  }
}
