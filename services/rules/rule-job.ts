import { inPartition, type Keys, type Op, uuidFrom } from '../../src/index.ts'
import type { AlertReport } from '../alerts/alert-record.ts'
import { type DeliveryJob, enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import type { Message } from '../notifications/notification-record.ts'
import type { Recipient } from './rule.ts'

/** What is to happen, its texts rendered: nothing that changes later changes it. */
export interface Telling {
  readonly alert: AlertReport | null
  readonly notify: { readonly to: readonly Recipient[]; readonly message: Message } | null
  readonly event: {
    readonly name: string
    readonly payload: Readonly<Record<string, unknown>>
  } | null
}

/** Work that follows from a rule or a monitor. */
export type RuleWork =
  /** Makes the alert as it should be by the state: open while `raised`. */
  | { readonly kind: 'sync'; readonly state: string; readonly alert: AlertReport }
  /** Tells people, records an event, reports an alert. */
  | { readonly kind: 'tell'; readonly telling: Telling }
  /** Looks whether it has been so for long enough. */
  | {
      readonly kind: 'ripen'
      readonly state: string
      readonly seq: number
      readonly debounce_ms: number
      readonly telling: Telling
    }
  /** Says how much was not told because it came too soon. */
  | {
      readonly kind: 'summary'
      readonly state: string
      readonly seq: number
      readonly seconds: number
      readonly telling: Telling
    }

export type RuleJob = DeliveryJob<RuleWork>

export const RULE_QUEUE = 'rule'

interface NewRuleJob {
  /** What makes it the same work, however often it is put into the queue. */
  readonly name: readonly string[]
  readonly work: RuleWork
  readonly partition: number
  readonly partitions: number
  readonly now: number
  /** Epoch ms; without it at once. */
  readonly at?: number
}

/** Puts work into the queue of its state's partition. */
export function ruleJobOp(keys: Keys, job: NewRuleJob): Op {
  const { name, work, partition, partitions, now, at } = job
  const made = makeJob({
    id: inPartition(uuidFrom(RULE_QUEUE, work.kind, ...name), partition, partitions),
    channel: RULE_QUEUE,
    priority: 'high',
    content: work,
    now,
    sendAt: at ?? null,
  })
  return enqueueOp(keys, made, now)
}

/** The work of raising or ending the alert of a state that has just changed. */
export function syncWork(state: string, alert: AlertReport): RuleWork {
  return { kind: 'sync', state, alert }
}
