import { globSync } from 'node:fs'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LIBRARY = globSync('/usr/lib/*/faketime/libfaketime.so.1')[0]

/** Whether a process can be given another time of day (Debian's `faketime`). */
export const canMoveClocks = LIBRARY !== undefined

/** A time of day that is moved while a process runs; what measures durations goes on as it is. */
export class MovedClock {
  readonly #file: string

  private constructor(file: string) {
    this.#file = file
  }

  static async open(): Promise<MovedClock> {
    const clock = new MovedClock(join(await mkdtemp(join(tmpdir(), 'belfry-clock-')), 'offset'))
    await clock.set(0)
    return clock
  }

  /** For the process that is to have this clock. */
  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: LIBRARY ?? '',
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: '1',
      DONT_FAKE_MONOTONIC: '1',
    }
  }

  /** Seconds ahead of the true time; negative: behind it. */
  async set(seconds: number): Promise<void> {
    await writeFile(this.#file, `${seconds < 0 ? '' : '+'}${seconds}\n`)
  }
}
