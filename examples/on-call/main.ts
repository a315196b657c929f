import { type AlertRecord, NotificationClient } from '@belfry/client'
import { token, url, userId } from '../where.ts'

const client = new NotificationClient({ url, userId, ...(token === null ? {} : { token }) })
const list = byId('alerts')

async function refresh(): Promise<void> {
  const alerts = await client.openAlerts()
  // Who nobody looks after comes first.
  const open = alerts.toSorted((a, b) => Number(isTaken(a)) - Number(isTaken(b)))
  list.replaceChildren(...open.map(card))
  byId('calm').hidden = open.length > 0
}

function card(alert: AlertRecord): HTMLElement {
  const { message, severity, type, source, count, created_at, status, acknowledged_by } = alert
  const item = document.createElement('li')
  item.dataset.status = status
  const since = new Date(created_at).toLocaleTimeString([], { timeStyle: 'short' })
  const times = count > 1 ? `, ${count} times` : ''
  item.append(text('h2', message))
  item.append(text('p', `${severity} · ${type}${source ? ` at ${source}` : ''} · ${since}${times}`))
  if (isTaken(alert)) {
    const who = text('p', acknowledged_by ? `✓ ${acknowledged_by} looks after it` : `✓ ${status}`)
    who.className = 'who'
    item.append(who)
  } else item.append(acknowledgeButton(alert))
  return item
}

function acknowledgeButton({ id, message }: AlertRecord): HTMLButtonElement {
  const button = text('button', 'I look after it') as HTMLButtonElement
  button.type = 'button'
  button.ariaLabel = `I look after it: ${message}`
  button.addEventListener('click', () => {
    button.disabled = true
    attempt(async () => {
      await client.acknowledgeAlert(id)
      await refresh()
    })
  })
  return button
}

function isTaken({ status }: AlertRecord): boolean {
  return status !== 'triggered'
}

function attempt(work: () => Promise<void>): void {
  const trouble = byId('trouble')
  trouble.textContent = ''
  work().catch((error: Error) => {
    trouble.textContent = error.message
  })
}

function text(tag: 'h2' | 'p' | 'button', content: string): HTMLElement {
  const element = document.createElement(tag)
  element.textContent = content
  return element
}

function byId(id: string): HTMLElement {
  return document.getElementById(id) as HTMLElement
}

client.on('connection_state', (state) => {
  byId('state').textContent = state === 'connected' ? 'Live' : state
  if (state === 'connected') attempt(refresh)
})
// Of an alert, and of everything that becomes of it, whoever was told hears.
client.on('critical_alert', () => attempt(refresh))
client.on('notification', ({ type }) => {
  if (type.startsWith('alert.')) attempt(refresh)
})
attempt(() => client.connect())
