import { timeOf } from '../alerts/alert-place.ts'
import type { StoredAlert } from '../alerts/alert-record.ts'
import type { LinkPage } from './link-page.ts'
import type { AckView, UnsubscribeView } from './link-service.ts'

/** A page, and the HTTP status that goes with it. */
export interface View {
  readonly status: number
  readonly page: LinkPage
}

const INVALID: View = {
  status: 404,
  page: {
    title: 'This link is not valid',
    lines: ['Part of the address may be missing. Open it again from the message.'],
    tone: 'plain',
  },
}

/** What the link of an alert shows. */
export function ackView(view: AckView): View {
  switch (view.state) {
    case 'invalid':
      return INVALID
    case 'expired':
      return gone('This link has expired', 'It held for 24 hours. Look for a newer message.')
    case 'gone':
      return gone('This alert is over', 'It was resolved more than a day ago.')
    case 'used':
      return gone(
        'This link was used before',
        'The alert has come back since. Look for a newer message.',
      )
    case 'open':
      return { status: 200, page: { ...about(view.alert), button: 'Acknowledge', tone: 'alert' } }
    case 'acknowledged': {
      const { acknowledged_by: first, acknowledged_users: each, acknowledged_at: at } = view.alert
      return done(view.alert, `Acknowledged${by(each.join(', ') || first, at)}.`)
    }
    case 'resolved':
      return done(
        view.alert,
        `Resolved${by(view.alert.resolved_by, view.alert.resolved_at)}. Nothing is left to do.`,
      )
  }
}

/** What the link at the end of a mail shows. */
export function unsubscribeView(view: UnsubscribeView): View {
  if (!('link' in view)) {
    if (view.state === 'invalid') return INVALID
    return gone('This link has expired', 'Open a newer message, or change it in your settings.')
  }
  const { channel, type, category } = view.link
  const what = `“${category ?? type}”`
  const how = channel === 'email' ? 'by e-mail' : `by ${channel}`
  if (view.state === 'done') {
    const lines = [`You get no more messages about ${what} ${how}.`]
    return { status: 200, page: { title: 'Unsubscribed', lines, tone: 'good' } }
  }
  const lines = [`Do you want no more messages about ${what} ${how}?`]
  const page = { title: 'Unsubscribe', lines, button: 'Unsubscribe', tone: 'plain' } as const
  return { status: 200, page }
}

function about(alert: StoredAlert): Pick<LinkPage, 'title' | 'lines'> {
  const { severity, type, message, source, created_at } = alert
  const from = source === null ? '' : `${source} · `
  return {
    title: `${severity.toUpperCase()}: ${type}`,
    lines: [message, `${from}since ${timeOf(created_at)}`],
  }
}

function done(alert: StoredAlert, words: string): View {
  const { title, lines } = about(alert)
  return { status: 200, page: { title, lines: [words, ...lines], tone: 'good' } }
}

function gone(title: string, line: string): View {
  return { status: 410, page: { title, lines: [line], tone: 'plain' } }
}

function by(who: string | null, at: string | null): string {
  return `${who === null ? '' : ` by ${who}`}${at === null ? '' : `, ${timeOf(at)}`}`
}
