import { signal } from '@preact/signals'

const RATE_SECONDS = 60

/** Events of each of the last sixty seconds, the latest last. */
export const rate = signal<readonly number[]>(Array.from({ length: RATE_SECONDS }, () => 0))

let thisSecond = 0

setInterval(() => {
  rate.value = [...rate.value.slice(1), thisSecond]
  thisSecond = 0
}, 1000)

/** So many events happened. */
export function counts(events: number): void {
  thisSecond += events
}
