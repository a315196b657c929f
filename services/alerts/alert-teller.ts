import {
  Filtered,
  inPartition,
  type Logger,
  partitionOf,
  type Store,
  uuidFrom,
} from '../../src/index.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import { ownWork } from '../notifications/acceptance.ts'
import type { Message } from '../notifications/notification-record.ts'
import type { NotificationService } from '../notifications/notification-service.ts'
import type { Severity } from './alert-record.ts'
import type { NotificationRules, PersonalPlan } from './notification-rules.ts'

interface Parts {
  readonly store: Store
  readonly log: Logger
  readonly notifications: NotificationService
  readonly rules: NotificationRules
}

/** What is said, and to whom. */
export interface Telling {
  /** Words that name it: the same ones are told once to each, however often it is tried. */
  readonly name: readonly string[]
  readonly targets: readonly string[]
  readonly messageFor: (userId: string) => Message
  readonly framesFor?: (
    userId: string,
  ) => readonly { readonly type: string; readonly data: string }[]
  /** Whether it goes to whoever would rather not hear of it. */
  readonly overrides: boolean
}

const MOST_SHOWN = 10

/** Tells people of alerts. Doing it again tells nobody twice. */
export class AlertTeller {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Answers with who was told, in words. Throws what trying again may mend. */
  async tell({ name, targets, messageFor, framesFor, overrides }: Telling): Promise<string> {
    const { store, log, notifications } = this.#parts
    const send = (userId: string) => {
      const message = messageFor(userId)
      const [alert = '', ...more] = name
      const uuid = uuidFrom(alert, message.type, ...more, userId)
      return notifications.send({
        userId,
        id: inPartition(uuid, partitionOf(userId, store.partitions), store.partitions),
        message,
        identity: ownWork,
        frames: framesFor?.(userId) ?? [],
        overridesPreferences: overrides,
      })
    }
    const results = await Promise.allSettled(targets.map(send))
    const failed = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    const unavailable = failed.find((reason) => reason?.retryable === true)
    if (unavailable) throw unavailable
    for (const reason of failed.filter((one) => !(one instanceof Filtered))) {
      log.error({ err: reason, alert: name[0] }, 'somebody was not told of an alert')
    }
    const told = results.flatMap((one, n) =>
      one.status === 'fulfilled' ? [heardBy(targets[n] ?? '', one.value.channels)] : [],
    )
    const shown = told.slice(0, MOST_SHOWN).join('; ')
    return `${told.length} told${shown && `: ${shown}`}${told.length > MOST_SHOWN ? '; …' : ''}`
  }

  /** Personal rules hold where a step names no channels itself. */
  async plans(
    targets: readonly string[],
    severity: Severity,
    stepChannels: readonly ChannelName[] | null,
  ): Promise<ReadonlyMap<string, PersonalPlan>> {
    if (stepChannels !== null) return new Map()
    const plans = await Promise.all(targets.map((user) => this.#plan(user, severity)))
    return new Map(
      targets.flatMap((user, n) => {
        const plan = plans[n]
        return plan ? [[user, plan] as const] : []
      }),
    )
  }

  /**
   * `null`: the severity decides, also for somebody whose rules cannot be read. He is told all
   * the same, or, where his part of the store is away, again once it is back: others do not wait.
   */
  async #plan(user: string, severity: Severity): Promise<PersonalPlan | null> {
    const { rules, log } = this.#parts
    try {
      return await rules.plan(user, severity)
    } catch (error) {
      log.error({ err: error, user }, 'how somebody wants to hear of alerts cannot be read')
      return null
    }
  }
}

/** `ada by voice, sms`: what an address, a preference or an outage left of the channels that were wanted. */
function heardBy(user: string, channels: readonly string[]): string {
  return `${user} ${channels.length === 0 ? 'in the inbox only' : `by ${channels.join(', ')}`}`
}
