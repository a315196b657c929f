import type { Frame } from './frame.ts'

/**
 * Frames that are written together. Connections that are sent the same frames
 * in the same order share the run, so that its bytes are joined once for all.
 */
export class FrameRun {
  readonly #frame: Frame
  readonly #before: FrameRun | null
  readonly #length: number
  #after: FrameRun | null = null
  #plain: Buffer | null = null
  #compressed: Buffer | null = null

  constructor(frame: Frame, before: FrameRun | null = null) {
    this.#frame = frame
    this.#before = before
    this.#length = before === null ? 1 : before.#length + 1
  }

  /** This run with one frame more. */
  with(frame: Frame): FrameRun {
    if (this.#after === null || this.#after.#frame !== frame) {
      this.#after = new FrameRun(frame, this)
    }
    return this.#after
  }

  startsWith(frame: Frame): boolean {
    return this.#before === null && this.#frame === frame
  }

  bytes(compressed: boolean): Buffer {
    if (this.#length === 1) return this.#frame.bytes(compressed)
    const made = compressed ? this.#compressed : this.#plain
    if (made !== null) return made
    const joined = Buffer.concat(this.#frames().map((frame) => frame.bytes(compressed)))
    if (compressed) this.#compressed = joined
    else this.#plain = joined
    return joined
  }

  #frames(): Frame[] {
    const frames = [this.#frame]
    for (let run = this.#before; run !== null; run = run.#before) frames.push(run.#frame)
    return frames.reverse()
  }
}
