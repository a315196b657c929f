import { asBelfryError, type Clock, isoTime, type Keys } from '../../src/index.ts'
import { UnsendableMail } from '../channels/email-compose.ts'
import { type Rendering, rendererOf } from '../channels/outbox-rendering.ts'
import type { ChannelName } from '../deliveries/channel-policy.ts'
import { type DeliveryJob, makeJob } from '../deliveries/delivery-job.ts'
import { type DeliveryPlan, planDelivery } from '../deliveries/delivery-plan.ts'
import { deliveryOps } from '../deliveries/notification-deliveries.ts'
import { shownUrl } from '../deliveries/shown-delivery.ts'
import type { Directory } from '../directory/directory.ts'
import { subjectOf } from '../directory/preferences.ts'
import type { Recipient } from '../directory/user-record.ts'
import type { Typed, TypeRules, UnmetConditions } from '../events/type-rules.ts'
import type { TemplateRenderer } from '../templates/template-renderer.ts'
import { emailContent } from './direct-message.ts'
import { type DirectAddress, directPostContent, directPostOf } from './direct-post.ts'
import { type Message, makeRecord } from './notification-record.ts'
import {
  flowGates,
  type GateVerdict,
  inboxGate,
  isCritical,
  mutedGate,
  timeGates,
  typeGates,
} from './rehearsal-gates.ts'

/** What one channel would send, or why it would not. */
export interface ChannelVerdict {
  readonly channel: string
  readonly outcome: 'send' | 'hold' | 'skip'
  readonly reason?: string
  /** ISO 8601; until when it waits. */
  readonly until?: string
  readonly rendering?: Rendering
}

/** What would become of a message to one recipient. */
export interface Rehearsed {
  readonly to: string
  readonly gates: readonly GateVerdict[]
  readonly channels: readonly ChannelVerdict[]
}

interface Parts {
  readonly clock: Clock
  readonly keys: Keys
  readonly directory: Directory
  readonly templates: TemplateRenderer
  readonly typeRules: TypeRules
  /** The sender of mails, `MAIL_FROM`. */
  readonly mailFrom: string
  /** Of people who did not say theirs. */
  readonly timezone?: string
}

const ID = 'dry-run'

/** Takes a message through every gate and renders it for every channel; nothing is written or sent. */
export class Rehearsal {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async toUser(user: string, asked: Message): Promise<Rehearsed> {
    const { clock, directory, templates, typeRules } = this.#parts
    const now = clock.now()
    const recipient = await directory.recipient(user)
    const gates = timeGates(asked, now)
    try {
      const worded = await templates.apply(asked, recipient.user.locale, user)
      const typed = await typeRules.of(worded)
      const { message } = typed
      if (message.template) {
        gates.push({ gate: 'template', outcome: 'pass', reason: message.template.name })
      }
      gates.push(...typeGates(typed, await typeRules.refusal(typed, recipient), now))
      gates.push(...flowGates(message), mutedGate(typed, recipient, now))
      const unmet = await typeRules.unmet(typed, recipient)
      const plan = this.#plan(typed, recipient, { now, unmet })
      gates.push(inboxGate(plan))
      const isOver = gates.some(({ outcome }) => outcome === 'refuse')
      const channels = isOver ? [] : await this.#channels(message, recipient, plan, now)
      return { to: `user:${user}`, gates, channels }
    } catch (error) {
      const { code, message } = asBelfryError(error)
      if (code === 'internal' || code === 'unavailable') throw error
      const refusal = { gate: 'template', outcome: 'refuse', reason: message } as const
      return { to: `user:${user}`, gates: [...gates, refusal], channels: [] }
    }
  }

  /** A message to somebody who is known by an address alone: no preferences, one channel. */
  async toAddress(to: DirectAddress, asked: Message): Promise<Rehearsed> {
    const { clock, templates } = this.#parts
    const now = clock.now()
    const message = await templates.apply(asked, null)
    const { address, ...sent } = addressed(to, message, now)
    const job = makeJob({ id: ID, priority: message.priority, now, ...sent })
    return { to: address, gates: timeGates(message, now), channels: [await this.#render(job, now)] }
  }

  #plan(
    typed: Typed,
    recipient: Recipient,
    { now, unmet }: { readonly now: number; readonly unmet: UnmetConditions },
  ): DeliveryPlan {
    const { message } = typed
    const { priority, channels, expiresAt, inInbox } = message
    return planDelivery(recipient, {
      ...{ priority, channels, expiresAt, inInbox, now, spread: 0 },
      subject: subjectOf(message),
      timezone: this.#parts.timezone ?? 'UTC',
      overridesPreferences: isCritical(typed),
      unmet,
    })
  }

  async #channels(
    message: Message,
    recipient: Recipient,
    plan: DeliveryPlan,
    now: number,
  ): Promise<ChannelVerdict[]> {
    const { user } = recipient
    const record = makeRecord({ id: ID, userId: user.id, message, choice: plan, origin: {}, now })
    const jobs = deliveryOps(this.#parts.keys, record, user, { now, message }).flatMap((op) =>
      op[0] === 'enqueue' ? [JSON.parse(op[3]) as DeliveryJob] : [],
    )
    const live: ChannelVerdict[] = plan.channels.includes('realtime')
      ? [{ channel: 'realtime', outcome: 'send', rendering: shown(user.id, message, record) }]
      : []
    const sent = await Promise.all(
      jobs.map(async (job) => {
        const until = plan.held[job.channel as keyof typeof plan.held]
        const verdict = await this.#render(job, now)
        if (until === undefined || verdict.outcome === 'skip') return verdict
        return {
          ...verdict,
          outcome: 'hold',
          reason: 'quiet_hours',
          until: isoTime(until),
        } as const
      }),
    )
    const skipped = Object.entries(plan.skipped).map(([channel, reason]): ChannelVerdict => {
      const at = plan.gathered.get(channel as ChannelName)
      if (at === undefined) return { channel, outcome: 'skip', reason }
      return { channel, outcome: 'hold', reason, until: isoTime(at) }
    })
    return [...live, ...sent, ...skipped]
  }

  async #render(job: DeliveryJob, now: number): Promise<ChannelVerdict> {
    const { channel } = job
    try {
      const rendering = await rendererOf(channel, this.#parts.mailFrom)(job, now)
      return { channel, outcome: 'send', rendering }
    } catch (error) {
      if (!(error instanceof UnsendableMail)) throw error
      return { channel, outcome: 'skip', reason: error.message }
    }
  }
}

/** The channel that an address is reached by, and what its job would hold. */
function addressed(to: DirectAddress, message: Message, now: number) {
  const { texts, shortText } = message
  if ('email' in to) {
    const own = { title: message.title, message: message.message, ...texts.email }
    const content = emailContent({ ...message, ...PLAIN, to: [to.email], ...mailOf(own) })
    return { address: to.email, channel: 'email', content } as const
  }
  if ('phone' in to) {
    const text = texts.sms?.message ?? shortText ?? message.message
    const content = { phone: to.phone, message: text }
    return { address: to.phone, channel: 'sms', content } as const
  }
  const post = directPostOf(to)
  const content = directPostContent(post, { id: ID, message, now })
  return { address: shownUrl(post.url), channel: post.channel, content }
}

function shown(to: string, { title, message }: Message, content: object): Rendering {
  return { to, subject: title, text: message, html: null, content: { ...content } }
}

function mailOf(text: { readonly title: string; readonly message: string; html?: string }) {
  return { subject: text.title, body: text.message, htmlBody: text.html ?? null }
}

/** What a mail made of a message has not. */
const PLAIN = { cc: [], bcc: [], replyTo: null, attachments: [] } as const
