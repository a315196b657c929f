import type { Message } from '../notifications/notification-record.ts'
import type { DigestEvent } from './digests.ts'

const SHOWN = 10
const SHOWN_CHARACTERS = 200
/** A record holds no more than this of its events. */
const MOST_BYTES = 100_000

interface Collected {
  readonly events: readonly DigestEvent[]
  /** How many there were in all. */
  readonly count: number
  /** Whether its template has words for several. */
  readonly hasWords: boolean
}

/** What is sent in place of everything that a digest has collected. */
export function digestMessage(message: Message, { events, count, hasWords }: Collected): Message {
  const last = events.at(-1)
  const data = { ...message.data, total_count: count, events: newestWithin(events) }
  const released = { ...message, data, digest: null, throttle: null }
  const { template } = message
  if (template !== null && hasWords) {
    const params = { ...template.params, events, total_count: count }
    return { ...released, template: { ...template, params } }
  }
  const title = last?.title ?? message.title
  return {
    ...{ ...released, template: null, texts: {}, shortText: null },
    title: count > 1 ? `${title} (${count})` : title,
    message: count > 1 ? listed(events, count) : (last?.message ?? message.message),
  }
}

/** The newest few, a line each, and how many more there were. */
function listed(events: readonly DigestEvent[], count: number): string {
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
