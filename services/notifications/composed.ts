import type { Composition, DatabaseMessage, Passed } from '../../src/index.ts'
import { Filtered, titleOf } from '../../src/index.ts'
import type { SkipReason } from '../deliveries/channel-policy.ts'
import type { DeliveryPlan } from '../deliveries/delivery-plan.ts'
import type { ChannelTexts } from '../templates/template-use.ts'
import type { Action, Message } from './notification-record.ts'

/** What a notification class says, and where its recipient says that he is reached. */
export interface Composed {
  readonly composition: Composition
  readonly addresses: Readonly<Record<string, readonly string[]>>
}

/** A class's way to speak once it is known on which channels it may. */
export interface Composer {
  readonly addresses: Readonly<Record<string, readonly string[]>>
  /** What conditions may speak of: the fields of the notification. */
  readonly fields?: Readonly<Record<string, unknown>>
  compose(passed: Passed): Promise<Composition>
  /** Told of what is about to be written. */
  onPlanned(plan: DeliveryPlan, composition: Composition): void
  /** The same has been written before: nothing was written now. */
  onRepeated(): void
}

interface Speaking {
  readonly id: string
  readonly plan: DeliveryPlan
  readonly message: Message
  /** Of the recipient, as the directory has it. */
  readonly locale: string | null
}

/** Channels that a message may take later: at the end of a digest, or as a fallback. */
function furtherThan(plan: DeliveryPlan, { digest, throttle, channels, fallback }: Message) {
  const mayWait = digest !== null || throttle?.onLimit === 'digest'
  const wanted = [...(mayWait ? (channels ?? []) : []), ...(fallback?.channels ?? [])]
  const further = new Set([...wanted, ...plan.gathered.keys()])
  return [...further].filter((channel) => !plan.channels.includes(channel))
}

/** Has a class say what it has to say. Throws `Filtered` when that leaves nothing to send. */
export async function speak(composer: Composer, { id, plan, message, locale }: Speaking) {
  const channels = plan.inInbox ? ['database', ...plan.channels] : plan.channels
  const further = furtherThan(plan, message)
  const composition = await composer.compose({ id, channels, locale, further })
  const after = planAfter(plan, composition)
  composer.onPlanned(after, composition)
  if (!after.inInbox && after.channels.length + after.gathered.size === 0) {
    throw new Filtered('should_send', 'Nothing of it is to be sent.')
  }
  const composed: Composed = { composition, addresses: composer.addresses }
  return { plan: after, message: messageAfter(message, composition), composed }
}

/** The plan without the channels that were left out while composing. */
function planAfter(plan: DeliveryPlan, { dropped, parts }: Composition): DeliveryPlan {
  const reasons = Object.entries(dropped)
    .filter(([channel]) => channel !== 'database')
    .map(([channel, reason]) => [channel, reason.split(':')[0] as SkipReason])
  return {
    ...plan,
    inInbox: plan.inInbox && parts.has('database'),
    channels: plan.channels.filter((channel) => !(channel in dropped)),
    skipped: { ...plan.skipped, ...Object.fromEntries(reasons) },
  }
}

/** The message with the words of the class: those for the app, or what another channel says. */
export function messageAfter(message: Message, { parts, said }: Composition): Message {
  const database = (parts.get('database') ?? parts.get('realtime'))?.message ?? {}
  const { title, message: text, actionUrl, ...rest } = database as DatabaseMessage
  const other = [...parts.values()].map(({ message: each }) => each)
  const link = actionUrl === undefined ? {} : { action_url: actionUrl }
  return {
    ...message,
    title: title ?? firstText(other, ['subject', 'title']) ?? titleOf(said.notification.class),
    message: text ?? firstText(other, ['content', 'body', 'text', 'line']) ?? '',
    data: { ...rest, ...link, ...message.data },
    texts: { ...textsOf(parts), ...message.texts },
    actions: actionsOf(actionUrl),
  }
}

/** In plain words what it says on each channel: what digests are made of. */
function textsOf(parts: Composition['parts']): ChannelTexts {
  const texts = [...parts].flatMap(([channel, { message }]) => {
    const text = firstText([message], ['content', 'body', 'text', 'line', 'lines'])
    const title = firstText([message], ['subject', 'title'])
    if (!SPOKEN.includes(channel) || text === undefined) return []
    return [[channel, { message: text, ...(title === undefined ? {} : { title }) }] as const]
  })
  return Object.fromEntries(texts)
}

/** Channels that speak in words. */
const SPOKEN = ['email', 'sms', 'voice', 'push', 'slack', 'discord']

function actionsOf(url: string | undefined): readonly Action[] {
  return url === undefined ? [] : [{ type: 'view', label: 'Open', url }]
}

function firstText(messages: readonly unknown[], fields: readonly string[]): string | undefined {
  for (const message of messages) {
    for (const field of fields) {
      const value = (message as Readonly<Record<string, unknown>> | null)?.[field]
      const text = Array.isArray(value) ? value.join('\n') : value
      if (typeof text === 'string' && text !== '') return text
    }
  }
  return undefined
}
