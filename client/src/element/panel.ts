import type { Snapshot } from '../core/index.ts'
import type { BellContext } from './context.ts'
import { h, type IconName, icon, setAttribute } from './dom.ts'
import { ListView } from './list.ts'
import { PreferencesView } from './preferences.ts'

/** What opens under the bell: the list, or the preferences. */
export class Panel {
  readonly element: HTMLElement
  readonly #context: BellContext
  readonly #list: ListView
  readonly #preferences: PreferencesView
  readonly #title = h('h2', { id: 'title' })
  readonly #state = h('span', { class: 'state', part: 'state' })
  readonly #trouble = h('p', { class: 'trouble', role: 'alert', hidden: true })
  readonly #readAll: HTMLButtonElement
  readonly #settings: HTMLButtonElement
  readonly #back: HTMLButtonElement
  readonly #filters: HTMLElement
  readonly #all: HTMLButtonElement
  readonly #unread: HTMLButtonElement
  #isList = true

  /** `onClose`: somebody wants it to go away. */
  constructor(context: BellContext, onClose: () => void) {
    const { labels, attempt, client } = context
    this.#context = context
    this.#list = new ListView(context)
    this.#preferences = new PreferencesView(context)
    this.#readAll = tool('checks', labels.markAllRead, () => attempt(() => client.markAllAsRead()))
    this.#settings = tool('settings', labels.preferences, () => this.#show('preferences'))
    this.#back = tool('back', labels.back, () => this.#show('list'))
    this.#all = filter(labels.all, () => this.#filter(false))
    this.#unread = filter(labels.unread, () => this.#filter(true))
    this.#filters = h('div', { class: 'filters' }, this.#all, this.#unread)
    const close = tool('close', labels.close, onClose)
    const tools = [this.#readAll, this.#settings, close]
    this.element = h(
      'div',
      { ...DIALOG, class: 'panel', part: 'panel' },
      h('div', { class: 'head', part: 'header' }, this.#back, this.#title, this.#state, ...tools),
      this.#trouble,
      this.#filters,
      this.#list.element,
      this.#preferences.element,
    )
    this.#arrange()
    this.#filter(false)
  }

  update(snapshot: Snapshot): void {
    const { unreadCount, connectionState } = snapshot
    const { labels } = this.#context
    this.#readAll.disabled = unreadCount === 0
    setAttribute(this.#state, 'data-state', connectionState)
    this.#state.textContent = labels.state[connectionState]
    this.#list.update(snapshot)
  }

  tick(): void {
    this.#list.tick()
  }

  /** Where the keyboard begins: the newest notification, or the panel itself. */
  focus(): void {
    this.#trouble.hidden = true
    this.#show('list')
    if (!this.#list.focus()) this.element.focus()
  }

  complain(text: string): void {
    this.#trouble.textContent = text
    this.#trouble.hidden = text === ''
  }

  #show(view: 'list' | 'preferences'): void {
    const isChange = this.#isList !== (view === 'list')
    this.#isList = view === 'list'
    this.#arrange()
    if (!isChange) return
    if (this.#isList) this.#settings.focus()
    else {
      this.#preferences.load()
      this.#back.focus()
    }
  }

  #arrange(): void {
    const { labels } = this.#context
    const isList = this.#isList
    this.#title.textContent = isList ? labels.notifications : labels.preferences
    this.#back.hidden = isList
    this.#preferences.element.hidden = isList
    for (const part of [this.#filters, this.#list.element, this.#readAll, this.#settings]) {
      part.hidden = !isList
    }
  }

  #filter(unreadOnly: boolean): void {
    setAttribute(this.#all, 'aria-pressed', String(!unreadOnly))
    setAttribute(this.#unread, 'aria-pressed', String(unreadOnly))
    this.#list.unreadOnly = unreadOnly
  }
}

const DIALOG = {
  id: 'panel',
  role: 'dialog',
  'aria-labelledby': 'title',
  popover: 'manual',
  tabindex: -1,
}

function tool(picture: IconName, label: string, onclick: () => void): HTMLButtonElement {
  const look = { class: 'tool', type: 'button', 'aria-label': label, title: label, onclick }
  return h('button', look, icon(picture))
}

function filter(label: string, onclick: () => void): HTMLButtonElement {
  return h('button', { class: 'filter', type: 'button', onclick }, label)
}
