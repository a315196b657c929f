import type { NotificationRecord } from '../core/index.ts'
import { actionRow, targetOf } from './actions.ts'
import type { BellContext } from './context.ts'
import { h, type IconName, icon, setAttribute } from './dom.ts'
import { kindOf, type TypeKind } from './labels.ts'
import { absoluteTime, relativeTime, secondsUntilTomorrow } from './time.ts'

const ICON: Readonly<Record<TypeKind, IconName>> = {
  info: 'info',
  success: 'success',
  warning: 'warning',
  error: 'error',
  alert: 'warning',
}
const HOUR = 3600
const WEEK = 7 * 24 * HOUR

/** One notification of the list. */
export class ItemView {
  readonly element = h('li', { part: 'item' })
  readonly #context: BellContext
  #record: NotificationRecord | null = null
  #time: HTMLTimeElement | null = null
  #isSnoozing = false

  constructor(context: BellContext) {
    this.#context = context
  }

  /** Shows the record as it is now; what had the focus keeps it. */
  update(record: NotificationRecord): void {
    if (this.#record !== record) {
      this.#record = record
      this.#render(record)
    }
    this.tick()
  }

  /** Time has passed. */
  tick(): void {
    if (this.#record === null || this.#time === null) return
    const { created_at } = this.#record
    this.#time.textContent = relativeTime(created_at, this.#context.locale, Date.now())
  }

  /** What the arrow keys go to. */
  get main(): HTMLElement | null {
    return this.element.querySelector('.open')
  }

  focus(): void {
    this.main?.focus()
  }

  /** `true`: the key was one of ours. */
  onKey(key: string): boolean {
    const record = this.#record
    if (record === null) return false
    if (key === 'e') this.#archive(record)
    else if (key === 'u') this.#toggleRead(record)
    else if (key === 's') this.#toggleSnoozing(record)
    else if (key === 'Escape' && this.#isSnoozing) this.#toggleSnoozing(record)
    else return false
    return true
  }

  #render(record: NotificationRecord): void {
    const { element } = this
    const kind = kindOf(record.type)
    const root = element.getRootNode() as ShadowRoot
    const focused = root.activeElement
    const key = element.contains(focused) ? focused?.getAttribute('data-key') : null
    setAttribute(element, 'class', record.read ? 'item' : 'item is-unread')
    setAttribute(element, 'part', record.read ? 'item' : 'item unread')
    setAttribute(element, 'data-kind', kind)
    element.replaceChildren(
      h('span', { class: 'mark', part: 'mark' }, icon(ICON[kind])),
      h(
        'div',
        { class: 'body' },
        this.#main(record),
        actionRow(record, this.#context),
        this.#foot(record, kind),
        this.#isSnoozing ? this.#snoozes(record) : null,
      ),
    )
    if (key) this.#refocus(key)
  }

  #refocus(key: string): void {
    const again = this.element.querySelector<HTMLElement>(`[data-key="${key}"]:not([disabled])`)
    if (again === null) this.focus()
    else again.focus()
  }

  /** Title and message: a link where there is somewhere to go. */
  #main(record: NotificationRecord): HTMLElement {
    const { labels, attempt, client, fire } = this.#context
    const href = targetOf(record)
    const onclick = (event: Event) => {
      if (!fire('notification-open', record)) event.preventDefault()
      if (!record.read) attempt(() => client.markAsRead(record.id))
    }
    const look = { class: 'open', 'data-key': 'open', onclick }
    const content = [
      record.read ? null : h('span', { class: 'unseen' }, `${labels.unread}: `),
      h('span', { class: 'title', part: 'item-title', dir: 'auto' }, record.title),
      h('span', { class: 'message', part: 'item-message', dir: 'auto' }, record.message),
    ]
    return href === null
      ? h('button', { ...look, type: 'button' }, ...content)
      : h('a', { ...look, href }, ...content)
  }

  #foot(record: NotificationRecord, kind: TypeKind): HTMLElement {
    const { labels, locale } = this.#context
    const { created_at } = record
    const title = absoluteTime(created_at, locale)
    this.#time = h('time', { datetime: created_at, title })
    return h(
      'div',
      { class: 'foot' },
      h('span', { class: 'kind' }, labels.type[kind]),
      h('span', { 'aria-hidden': 'true' }, '·'),
      this.#time,
      h(
        'div',
        { class: 'tools' },
        this.#tool('check', record.read ? labels.markUnread : labels.markRead, () =>
          this.#toggleRead(record),
        ),
        this.#tool('clock', labels.snooze, () => this.#toggleSnoozing(record)),
        this.#tool('archive', labels.archive, () => this.#archive(record)),
      ),
    )
  }

  #tool(picture: IconName, label: string, onclick: () => void): HTMLElement {
    const expanded = picture === 'clock' ? { 'aria-expanded': String(this.#isSnoozing) } : {}
    const look = { class: 'tool', type: 'button', 'data-key': picture, onclick, ...expanded }
    return h('button', { ...look, 'aria-label': label, title: label }, icon(picture))
  }

  #snoozes(record: NotificationRecord): HTMLElement {
    const { labels, attempt, client } = this.#context
    const choices: readonly (readonly [label: string, seconds: number])[] = [
      [labels.oneHour, HOUR],
      [labels.tomorrow, secondsUntilTomorrow(new Date())],
      [labels.nextWeek, WEEK],
    ]
    return h(
      'div',
      { class: 'row', role: 'group', 'aria-label': labels.snoozeUntil },
      ...choices.map(([label, forSeconds], index) => {
        const onclick = () => attempt(() => client.snooze(record.id, { forSeconds }))
        const look = { class: 'action', type: 'button', 'data-key': `snooze-${index}` }
        return h('button', { ...look, onclick }, label)
      }),
    )
  }

  #toggleRead({ id, read }: NotificationRecord): void {
    const { attempt, client } = this.#context
    attempt(() => (read ? client.markAsUnread(id) : client.markAsRead(id)))
  }

  #archive({ id }: NotificationRecord): void {
    this.#context.attempt(() => this.#context.client.archive(id))
  }

  #toggleSnoozing(record: NotificationRecord): void {
    this.#isSnoozing = !this.#isSnoozing
    this.#render(record)
    this.tick()
    this.#refocus(this.#isSnoozing ? 'snooze-0' : 'clock')
  }
}
