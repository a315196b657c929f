import type { Rule } from './rule.ts'

/** What is remembered of one rule for one thing that it watches, kept in the store. */
export interface RuleState {
  /** Whether it is so now. */
  readonly raised: boolean
  /** Since when (epoch ms) it has been so without having been so for long enough; else `null`. */
  readonly since: number | null
  /** Counts changes: work that was planned for an earlier state is not done. */
  readonly seq: number
  /** The value that came last, for `on_change`. */
  readonly last: string | null
  /** When something happened last (epoch ms), for `debounce`. */
  readonly firedAt: number | null
  /** How often nothing happened since, because it was too soon. */
  readonly suppressed: number
  /** When the newest reading was made, by the device's own clock (epoch ms). */
  readonly at?: number
  /** Which message came last, where those that the broker keeps count. */
  readonly kept?: string
}

export const UNTOUCHED: RuleState = {
  raised: false,
  since: null,
  seq: 0,
  last: null,
  firedAt: null,
  suppressed: 0,
}

/** What a message says about a rule. */
export interface Observed {
  readonly matches: boolean
  /** The reading as a number; `null` where it is none. */
  readonly number: number | null
  /** The reading as text. */
  readonly text: string
}

/** A message with its place among the others. */
export interface Reading extends Observed {
  /** When it was made, by the device's own clock (epoch ms); `null`: it does not say. */
  readonly at: number | null
  /** What it says, shortened; `null` where kept messages do not count. */
  readonly mark: string | null
  /** Whether the broker kept it: it may have been taken before. */
  readonly isKept: boolean
}

/** What follows: `began`, `ended` and `fired` happen now, the others are looked at later (epoch ms). */
export type Effect =
  | { readonly kind: 'began' | 'ended' | 'fired' }
  | { readonly kind: 'ripen' | 'summary'; readonly at: number }

/** A state and what follows; the same object where nothing changed. `why` is for people. */
export interface Step {
  readonly after: RuleState
  readonly effects: readonly Effect[]
  readonly why: string
}

/**
 * What a message does that may come late, or again: an older reading never
 * overrides a newer one, and what the broker keeps is taken once.
 */
export function receive(rule: Rule, before: RuleState, reading: Reading, now: number): Step {
  const { mark, isKept } = reading
  // A device whose clock is ahead must not keep the readings out that come after it is set.
  const at = reading.at === null ? null : Math.min(reading.at, now)
  const newest = before.at === undefined ? null : Math.min(before.at, now)
  if (isKept && before.kept === mark) return nothing(before, 'it was taken before')
  if (at !== null && newest !== null && at < newest) {
    return nothing(before, 'a newer reading was taken before')
  }
  const step = advance(rule, before, reading, now)
  const isNoted = (at === null || at === before.at) && (mark === null || mark === before.kept)
  if (isNoted) return step
  const noted = { ...(at === null ? {} : { at }), ...(mark === null ? {} : { kept: mark }) }
  return { ...step, after: { ...step.after, ...noted } }
}

/** What one message does to a rule. Pure: it may be asked as often as one likes. */
export function advance(rule: Rule, before: RuleState, seen: Observed, now: number): Step {
  return rule.isLevel ? level(rule, before, seen, now) : each(rule, before, seen, now)
}

/** It has been so for long enough, unless it ended meanwhile. */
export function ripen(rule: Pick<Rule, 'debounceMs'>, before: RuleState, now: number): Step {
  const isSoon = firedLately(rule, before, now)
  const after = { ...before, raised: true, since: null, seq: before.seq + 1 }
  if (isSoon) return { after, effects: [{ kind: 'began' }], why: 'began, too soon to tell again' }
  const effects = [{ kind: 'began' }, { kind: 'fired' }] as const
  return { after: { ...after, firedAt: now }, effects, why: 'began' }
}

function level(rule: Rule, before: RuleState, seen: Observed, now: number): Step {
  const isSo = stands(rule, before, seen)
  if (isSo === null) return nothing(before, 'the message says nothing about it')
  const isKnown = before.raised || before.since !== null
  if (!isSo) {
    if (!isKnown) return nothing(before, 'it is not so')
    const after = { ...before, raised: false, since: null, seq: before.seq + 1 }
    return before.raised
      ? { after, effects: [{ kind: 'ended' }], why: 'it has ended' }
      : { after, effects: [], why: 'it ended before it had lasted long enough' }
  }
  if (before.raised) return nothing(before, 'it is so already')
  if (rule.forMs === 0) return ripen(rule, before, now)
  if (before.since === null) {
    const at = now + rule.forMs
    const after = { ...before, since: now, seq: before.seq + 1 }
    return { after, effects: [{ kind: 'ripen', at }], why: `must last ${rule.forMs / 1000} s` }
  }
  if (now - before.since >= rule.forMs) return ripen(rule, before, now)
  return nothing(before, 'has not lasted long enough yet')
}

/** Whether it is so by this message; `null`: the message is about something else. */
function stands({ threshold }: Rule, before: RuleState, seen: Observed): boolean | null {
  if (threshold === null) return seen.matches
  if (!seen.matches || seen.number === null) return null
  const { direction, raise, clear } = threshold
  const isKnown = before.raised || before.since !== null
  const sign = direction === 'above' ? 1 : -1
  // Between the two limits it stays as it was.
  return isKnown ? sign * (seen.number - clear) > 0 : sign * (seen.number - raise) > 0
}

function each(rule: Rule, before: RuleState, seen: Observed, now: number): Step {
  if (!seen.matches) return nothing(before, 'a condition does not hold')
  if (rule.onChange && seen.text === before.last) return nothing(before, 'nothing has changed')
  const known = rule.onChange ? { ...before, last: seen.text } : before
  if (rule.debounceMs === 0) {
    return { after: known, effects: [{ kind: 'fired' }], why: 'happens' }
  }
  if (!firedLately(rule, before, now)) {
    const after = { ...known, firedAt: now, suppressed: 0, seq: before.seq + 1 }
    return { after, effects: [{ kind: 'fired' }], why: 'happens' }
  }
  const at = (before.firedAt ?? now) + rule.debounceMs
  const effects = before.suppressed === 0 ? [{ kind: 'summary', at } as const] : []
  const after = { ...known, suppressed: before.suppressed + 1 }
  return { after, effects, why: 'too soon after the last one: counted' }
}

/** A moment to come says that the clock was set back: nobody knows how long ago it was. */
function firedLately(
  { debounceMs }: Pick<Rule, 'debounceMs'>,
  { firedAt }: RuleState,
  now: number,
): boolean {
  return firedAt !== null && firedAt <= now && now - firedAt < debounceMs
}

function nothing(before: RuleState, why: string): Step {
  return { after: before, effects: [], why }
}
