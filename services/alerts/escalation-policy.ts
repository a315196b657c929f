import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { PolicyTimes } from '../noise/time-interval.ts'
import type { Severity } from './alert-record.ts'

/** Who a step tells: somebody, the people of a set, or whoever is on call. */
export type StepTarget =
  | { readonly type: 'user' | 'group' | 'role' | 'schedule'; readonly id: string }
  /** The set `oncall:<id>`; `null`: that of the alert's own type. */
  | { readonly type: 'oncall'; readonly id: string | null }

export interface EscalationStep {
  readonly targets: readonly StepTarget[]
  /** How long this step may take until the next one is told. */
  readonly delay_minutes: number
  /** `null`: as the severity has it. */
  readonly channels: readonly ChannelName[] | null
  /** Whether each of them must acknowledge for himself: until then his own rules go on. */
  readonly multi_ack?: boolean
}

/** Who is told of an alert, one step after the other, until somebody acknowledges it. */
export interface EscalationPolicy extends PolicyTimes {
  readonly id: string
  readonly name: string
  /** For which types and severities; empty: all. */
  readonly alert_types: readonly string[]
  readonly severities: readonly Severity[]
  readonly steps: readonly EscalationStep[]
  /** How often to begin again after the last step; -1: for ever. */
  readonly repeat: number
  /** Alerts with the same values of these labels are told together; `['...']`: each by itself. */
  readonly group_by?: readonly string[]
  /** How long the first alert of a group waits for others; `null`: by severity. */
  readonly group_wait_seconds?: number | null
  /** How long further alerts of a group wait after it was told; `null`: by severity. */
  readonly group_interval_seconds?: number | null
  /** After which time without news an open alert is told again; `null`: by severity. */
  readonly repeat_interval_seconds?: number | null
  /** Whether those who were told hear that it is resolved. */
  readonly send_resolved?: boolean
  /** An acknowledged alert that is not resolved in time is triggered again; `null`: never. */
  readonly ack_timeout_minutes: number | null
}

/** Where an alert stands in its policy. */
export interface Position {
  readonly step: number
  readonly loop: number
}

const EVERYBODY: readonly StepTarget[] = [
  { type: 'role', id: 'admin' },
  { type: 'oncall', id: null },
]
const DELAY_MINUTES = 5
const ACK_TIMEOUT_MINUTES = 30

/** All ways that reach a person, without a call. */
export const EVERY_CHANNEL: readonly ChannelName[] = [
  'realtime',
  'email',
  'sms',
  'push',
  'slack',
  'discord',
  'webhook',
]

/** What wakes people: never used for alerts that only inform. */
export const PAGING: readonly ChannelName[] = ['sms', 'voice']

/** How alerts of a policy are told together, and again. Milliseconds. */
export interface Grouping {
  /** `null`: each alert by itself. */
  readonly by: readonly string[] | null
  readonly waitMs: number
  readonly intervalMs: number
  /** `null`: never. */
  readonly repeatMs: number | null
}

const GROUP_BY = ['alert_type', 'source']
const BY_SEVERITY: Readonly<Record<Severity, Omit<Grouping, 'by'>>> = {
  // Whoever must be woken is woken at once; equal ones count, and a storm has its limit.
  critical: { waitMs: 0, intervalMs: 0, repeatMs: 4 * 3_600_000 },
  warning: { waitMs: 30_000, intervalMs: 300_000, repeatMs: 4 * 3_600_000 },
  info: { waitMs: 30_000, intervalMs: 300_000, repeatMs: null },
}

/** What a policy says of grouping for a severity; Alertmanager's figures where it says nothing. */
export function groupingOf(policy: EscalationPolicy, severity: Severity): Grouping {
  const usual = BY_SEVERITY[severity]
  const by = policy.group_by ?? GROUP_BY
  const ms = (seconds: number | null | undefined, otherwise: number) =>
    seconds == null ? otherwise : seconds * 1000
  return {
    by: by.includes('...') ? null : by,
    waitMs: ms(policy.group_wait_seconds, usual.waitMs),
    intervalMs: ms(policy.group_interval_seconds, usual.intervalMs),
    repeatMs:
      policy.repeat_interval_seconds == null
        ? usual.repeatMs
        : policy.repeat_interval_seconds * 1000,
  }
}

/** What holds where nobody made a policy: admins and whoever is on call, then by phone too. */
export function defaultPolicy(severity: Severity): EscalationPolicy {
  const first = { targets: EVERYBODY, delay_minutes: DELAY_MINUTES, channels: null }
  const second = { ...first, channels: [...EVERY_CHANNEL, 'voice'] as const }
  return {
    id: 'default',
    name: 'Admins and whoever is on call',
    alert_types: [],
    severities: [severity],
    steps: severity === 'info' ? [first] : [first, second],
    repeat: severity === 'info' ? 0 : 3,
    ack_timeout_minutes: severity === 'critical' ? ACK_TIMEOUT_MINUTES : null,
  }
}

/** By which channels people were told of an alert until now; `null`: as its severity has it. */
export function channelsSoFar(
  policy: EscalationPolicy,
  { step, loop, severity }: Position & { readonly severity: Severity },
): readonly ChannelName[] | null {
  const steps = loop > 0 ? policy.steps : policy.steps.slice(0, step + 1)
  if (steps.every(({ channels }) => channels === null)) return null
  const usual = severity === 'critical' ? EVERY_CHANNEL : []
  return [...new Set(steps.flatMap(({ channels }) => channels ?? usual))]
}

/** The step after `at`, or the first one again; `null` when the policy is exhausted. */
export function nextPosition(policy: EscalationPolicy, { step, loop }: Position): Position | null {
  if (step + 1 < policy.steps.length) return { step: step + 1, loop }
  const again = policy.repeat === -1 || loop < policy.repeat
  return again ? { step: 0, loop: loop + 1 } : null
}

/** The policy that says most about a type and a severity; by name where two say the same. */
export function choosePolicy(
  policies: readonly EscalationPolicy[],
  { type, severity }: { readonly type: string; readonly severity: Severity },
): EscalationPolicy {
  const fits = (wanted: readonly string[], word: string) =>
    wanted.length === 0 || wanted.includes(word)
  const weight = ({ alert_types, severities }: EscalationPolicy) =>
    (alert_types.length > 0 ? 2 : 0) + (severities.length > 0 ? 1 : 0)
  const [best] = policies
    .filter((policy) => fits(policy.alert_types, type) && fits(policy.severities, severity))
    .sort((a, b) => weight(b) - weight(a) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1))
  return best ?? defaultPolicy(severity)
}
