import type { Message } from '../notifications/notification-record.ts'
import type { ChannelTexts } from '../templates/template-use.ts'
import type { StoredAlert } from './alert-record.ts'

/**
 * The same message with where it is and what it affects, for channels on which nothing else
 * says so; what its words say already is not said again. What is read out has no underscores.
 * A text message that asks for an answer says it beside the code to answer with.
 */
export function withPlace(
  alert: StoredAlert,
  message: Message,
  { asksNothing = false } = {},
): Message {
  const { title, message: text, shortText } = message
  const place = placeOf(alert, text)
  const spoken = (shortText ?? text).replace(alert.type, alert.type.replace(/[_-]+/g, ' '))
  const said = (words: string) => ({ title, message: words })
  const shown = `${text}\n\n${place}`
  const spokenPlace = place.startsWith('affects') ? place : `source ${place.replace(' · ', ', ')}`
  const texts: ChannelTexts =
    place === ''
      ? { voice: said(spoken) }
      : {
          email: said(`${shown}\nsince ${timeOf(alert.created_at)}`),
          slack: said(shown),
          discord: said(shown),
          push: said(`${text} (${place})`),
          voice: said(`${spoken.replace(/[.\s]+$/, '')}, ${spokenPlace}.`),
          ...(asksNothing ? { sms: said(`${shortText ?? text} (${place})`) } : {}),
        }
  return { ...message, texts }
}

function placeOf({ source, affected_systems: affected }: StoredAlert, text: string): string {
  const isNew = (name: string) => !text.includes(name)
  const parts = source !== null && isNew(source) ? [source] : []
  const systems = affected.filter(isNew).slice(0, 10)
  if (systems.length > 0) parts.push(`affects ${systems.join(', ')}`)
  return parts.join(' · ')
}

/** `2026-01-05 12:00 UTC`. */
export function timeOf(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}
