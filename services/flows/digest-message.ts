import type { ChannelName } from '../deliveries/channel-policy.ts'
import type { Message } from '../notifications/notification-record.ts'
import type { TemplateText } from '../templates/template-record.ts'
import type { ChannelTexts, TemplateUse } from '../templates/template-use.ts'
import type { DigestEvent } from './digests.ts'

const SHOWN = 10
const SHOWN_CHARACTERS = 200
/** A record holds no more than this of its events. */
const MOST_BYTES = 100_000

interface Collected {
  readonly events: readonly DigestEvent[]
  /** How many there were in all. */
  readonly count: number
  /** Whose words say it; `null`: they are listed. */
  readonly template: TemplateUse | null
}

/** What is sent in place of everything that a digest has collected. */
export function digestMessage(message: Message, { events, count, template }: Collected): Message {
  const shown = events.map(({ texts: _, ...event }) => event)
  const data = { ...message.data, total_count: count, events: newestWithin(shown) }
  const released = { ...message, data, digest: null, throttle: null, shortText: null }
  if (template !== null) {
    const params = { ...template.params, events: shown, total_count: count }
    return { ...released, texts: {}, template: { ...template, params } }
  }
  const usual = { title: message.title, message: message.message }
  const { title, message: text } = summed(events, count, usual)
  return { ...released, template: null, title, message: text, texts: textsOf(events, count, usual) }
}

type Text = Required<Pick<TemplateText, 'title' | 'message'>>

/** What each channel says that had words of its own in one of them. */
function textsOf(events: readonly DigestEvent[], count: number, usual: Text): ChannelTexts {
  const channels = new Set(events.flatMap(({ texts = {} }) => Object.keys(texts)))
  const texts = [...channels].map((channel) => {
    const own = events.map((event) => ({ ...event, ...event.texts?.[channel as ChannelName] }))
    return [channel, summed(own, count, usual)]
  })
  return Object.fromEntries(texts)
}

/** The last of them, and a line for each of the newest. */
function summed(events: readonly Text[], count: number, usual: Text): Text {
  const { title, message } = events.at(-1) ?? usual
  return count > 1
    ? { title: `${title} (${count})`, message: listed(events, count) }
    : { title, message }
}

/** The newest few, a line each, and how many more there were. */
function listed(events: readonly Text[], count: number): string {
  const lines = events.slice(-SHOWN).map(({ message }) => `• ${shortened(message)}`)
  const more = count - lines.length
  return [...lines.reverse(), ...(more > 0 ? [`… +${more}`] : [])].join('\n')
}

function shortened(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text
}

/** As many of the newest as a record has room for, oldest first. */
function newestWithin(events: readonly DigestEvent[]): DigestEvent[] {
  const kept: DigestEvent[] = []
  let room = MOST_BYTES
  for (const event of events.toReversed()) {
    room -= Buffer.byteLength(JSON.stringify(event))
    if (room < 0) break
    kept.unshift(event)
  }
  return kept
}
