/** 1: triggered, 0: resolved; since when (epoch ms). */
export type StateChange = readonly [state: 0 | 1, at: number]

/** What is known of the changes of one thing that alerts are raised about. */
export interface FlapState {
  readonly flapping: boolean
  /** The newest last; what came before the first was quiet. */
  readonly changes: readonly StateChange[]
  /** The alert of the latest change. */
  readonly alert_id: string
}

/** How many states are looked at, how much the oldest and the newest change weigh (as Nagios has it). */
const STATES = 21
const [OLDEST_WEIGHT, NEWEST_WEIGHT] = [0.75, 1.25]
/** Percent of weighted change at which something begins to flap, and below which it has settled. */
const [HIGH, LOW] = [50, 25]
/** Reports come when they like: a state that lasts is seen again this often, as by a check. */
const SAMPLE_MS = 60_000

export const STEADY: FlapState = { flapping: false, changes: [], alert_id: '' }

/** The state after a change, flapping from the moment at which it changed too often. */
export function changed(before: FlapState, to: StateChange, alertId: string): FlapState {
  if ((before.changes.at(-1)?.[0] ?? 0) === to[0]) return { ...before, alert_id: alertId }
  const changes = [...before.changes, to].slice(-STATES)
  const flapping = before.flapping || changePercent(changes, to[1]) >= HIGH
  return { flapping, changes, alert_id: alertId }
}

/** When it will have settled (epoch ms), if nothing changes until then. */
export function settlesAt({ changes }: FlapState): number {
  const last = changes.at(-1)?.[1] ?? 0
  let samples = 0
  while (changePercent(changes, last + samples * SAMPLE_MS) >= LOW) samples++
  return last + samples * SAMPLE_MS
}

/** How much of the last 21 states was change, newer changes weighing more, in percent. */
export function changePercent(changes: readonly StateChange[], now: number): number {
  const states = statesOf(changes, now)
  const last = STATES - 2
  let weight = 0
  for (let n = 1; n < STATES; n++) {
    if (states[n] === states[n - 1]) continue
    weight += OLDEST_WEIGHT + ((n - 1) * (NEWEST_WEIGHT - OLDEST_WEIGHT)) / last
  }
  return (weight * 100) / (STATES - 1)
}

function statesOf(changes: readonly StateChange[], now: number): (0 | 1)[] {
  const states: (0 | 1)[] = Array.from({ length: STATES }, () => 0)
  for (const [index, [state, at]] of changes.entries()) {
    const until = changes[index + 1]?.[1] ?? now
    const samples = 1 + Math.min(STATES, Math.max(0, Math.floor((until - at) / SAMPLE_MS)))
    for (let n = 0; n < samples; n++) states.push(state)
  }
  return states.slice(-STATES)
}
