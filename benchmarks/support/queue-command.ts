/** What the queues are asked: `drain` jobs that wait already, or bring new ones `through`. */
export interface QueueCommand {
  readonly do: 'drain' | 'through'
  readonly count: number
}

/** What a job says: about 200 bytes. */
export function jobOf(number: number): { readonly number: number; readonly text: string } {
  return { number, text: 'x'.repeat(170) }
}

/** Starts `count` things, `most` at once. */
export async function inFlight(
  most: number,
  count: number,
  start: (number: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  const run = async () => {
    while (next < count) await start(next++)
  }
  await Promise.all(Array.from({ length: most }, run))
}

/** Waits for a condition by looking every millisecond. */
export async function whenSo(condition: () => boolean): Promise<void> {
  const endsAt = performance.now() + 120_000
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error('the jobs were not done in time')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
