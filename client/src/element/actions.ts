import type { NotificationAction, NotificationRecord } from '../core/index.ts'
import type { BellContext } from './context.ts'
import { h, safeUrl } from './dom.ts'

/** One of the actions of a notification. */
interface Offer {
  readonly record: NotificationRecord
  readonly action: NotificationAction
  readonly index: number
}

/** Where a notification leads: its first `view` action, or `url` in its data. */
export function targetOf({ actions, data }: NotificationRecord): string | null {
  const view = actions.find(({ type }) => type === 'view')
  return safeUrl(view?.url ?? data.url ?? data.action_url)
}

/** The buttons under a notification. */
export function actionRow(record: NotificationRecord, context: BellContext): HTMLElement | null {
  const { actions } = record
  if (actions.length === 0) return null
  const offers = actions.map((action, index) => offerOf({ record, action, index }, context))
  return h('div', { class: 'row', part: 'actions' }, ...offers)
}

function offerOf(offer: Offer, context: BellContext): HTMLElement {
  const { action, record, index } = offer
  const isDone = record.done?.[index] !== undefined
  if (action.type === 'reply' && !isDone) return replyForm(offer, context)
  const href = action.type === 'view' ? safeUrl(action.url) : null
  return href === null ? button(offer, isDone, context) : link(offer, href, context)
}

function link(offer: Offer, href: string, context: BellContext): HTMLElement {
  const onclick = (event: Event) => {
    if (fires(offer, context)) perform(offer, context)
    else event.preventDefault()
  }
  return h('a', { ...look(offer), href, onclick }, offer.action.label)
}

function button(offer: Offer, isDone: boolean, context: BellContext): HTMLElement {
  const { label } = offer.action
  const onclick = () => {
    if (fires(offer, context)) perform(offer, context)
  }
  const shown = isDone ? `${label} ✓` : label
  const name = isDone ? { 'aria-label': `${label}: ${context.labels.done}` } : {}
  return h('button', { ...look(offer), ...name, type: 'button', disabled: isDone, onclick }, shown)
}

/** What is answered goes with the action. */
function replyForm(offer: Offer, context: BellContext): HTMLElement {
  const { label } = offer.action
  const input = h('input', { class: 'reply', 'aria-label': label, required: true, maxlength: 4000 })
  const send = h('button', { ...look(offer), type: 'submit' }, label)
  const onsubmit = (event: Event) => {
    event.preventDefault()
    if (fires(offer, context, input.value)) perform(offer, context, input.value)
  }
  return h('form', { class: 'row', onsubmit }, input, send)
}

/** The page hears of it first; `true`: it leaves the rest to us. */
function fires({ record, action }: Offer, context: BellContext, text?: string): boolean {
  return context.fire('notification-action', { notification: record, action, text })
}

function perform({ record, index }: Offer, { attempt, client }: BellContext, text?: string): void {
  attempt(() => client.act(record.id, index, text))
}

function look({ index }: Offer) {
  return {
    class: index === 0 ? 'action first' : 'action',
    part: 'action',
    'data-key': `action-${index}`,
  }
}
