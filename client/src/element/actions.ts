import type { NotificationAction, NotificationRecord } from '../core/index.ts'
import type { BellContext } from './context.ts'
import { h, safeUrl } from './dom.ts'

/** Where a notification leads: its first `view` action, or `url` in its data. */
export function targetOf({ actions, data }: NotificationRecord): string | null {
  const view = actions.find(({ type }) => type === 'view')
  return safeUrl(view?.url ?? data.url ?? data.action_url)
}

/** The buttons under a notification. */
export function actionRow(record: NotificationRecord, context: BellContext): HTMLElement | null {
  const { actions } = record
  if (actions.length === 0) return null
  return h(
    'div',
    { class: 'row', part: 'actions' },
    ...actions.map((action, index) => actionButton(record, { action, index }, context)),
  )
}

function actionButton(
  record: NotificationRecord,
  { action, index }: { readonly action: NotificationAction; readonly index: number },
  context: BellContext,
): HTMLElement {
  const look = {
    class: index === 0 ? 'action first' : 'action',
    part: 'action',
    'data-key': `action-${index}`,
  }
  const href = action.type === 'view' ? safeUrl(action.url) : null
  if (href === null) {
    const onclick = ({ currentTarget }: Event) => {
      run(record, action, { context, button: currentTarget as HTMLButtonElement })
    }
    return h('button', { ...look, type: 'button', onclick }, action.label)
  }
  const onclick = (event: Event) => {
    if (!context.fire('notification-action', { notification: record, action })) {
      event.preventDefault()
    }
    if (!record.read) context.attempt(() => context.client.markAsRead(record.id))
  }
  return h('a', { ...look, href, onclick }, action.label)
}

interface Running {
  readonly context: BellContext
  readonly button: HTMLButtonElement
}

/**
 * The page hears of it first (`notification-action`) and may do it itself; else
 * alerts are acknowledged and requests sent. Whatever was done is read.
 */
function run(
  record: NotificationRecord,
  action: NotificationAction,
  { context, button }: Running,
): void {
  const { client, labels } = context
  const isOurs = context.fire('notification-action', { notification: record, action })
  button.disabled = true
  context.attempt(async () => {
    try {
      if (isOurs && action.type === 'ack') await acknowledge(record, action, context)
      if (isOurs && action.type === 'http') await request(action)
      if (!record.read) await client.markAsRead(record.id)
      button.textContent = `${action.label} ✓`
      button.setAttribute('aria-label', `${action.label}: ${labels.done}`)
    } catch (error) {
      button.disabled = false
      throw error
    }
  })
}

async function acknowledge(
  { data }: NotificationRecord,
  action: NotificationAction,
  { client }: BellContext,
): Promise<void> {
  const alert = action.alert_id ?? data.alert_id
  if (typeof alert === 'string') await client.acknowledgeAlert(alert)
}

/** `{ url, method = POST, headers, body }`, without the cookies of wherever it goes. */
async function request({ url, method, headers, body }: NotificationAction): Promise<void> {
  const address = safeUrl(url)
  if (address === null) throw new TypeError('The action has no address.')
  const answer = await fetch(address, {
    method: typeof method === 'string' ? method : 'POST',
    headers: (headers ?? {}) as Record<string, string>,
    credentials: 'omit',
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  if (!answer.ok) throw new TypeError(`The other side answered with ${answer.status}.`)
}
