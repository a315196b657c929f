import type { NotificationRecord, Snapshot } from '../core/index.ts'
import type { BellContext } from './context.ts'
import { h, icon } from './dom.ts'
import { ItemView } from './item.ts'

const GHOSTS = 3

/** The notifications, or why there are none. */
export class ListView {
  readonly element = h('div', { class: 'scroll' })
  readonly #context: BellContext
  readonly #list: HTMLUListElement
  readonly #items = new Map<string, ItemView>()
  readonly #instead = h('div')
  readonly #more: HTMLButtonElement
  #unreadOnly = false

  constructor(context: BellContext) {
    const { labels, attempt, client } = context
    this.#context = context
    this.#list = h('ul', { part: 'list', role: 'list', 'aria-label': labels.notifications })
    const onclick = () => attempt(() => client.loadMore())
    this.#more = h('button', { class: 'more', type: 'button', onclick }, labels.loadMore)
    this.element.append(this.#list, this.#instead, this.#more)
    this.element.addEventListener('keydown', (event) => this.#onKey(event))
  }

  get unreadOnly(): boolean {
    return this.#unreadOnly
  }

  set unreadOnly(value: boolean) {
    this.#unreadOnly = value
    this.update(this.#context.client.snapshot)
  }

  update({ notifications, loading, hasMore, connectionState }: Snapshot): void {
    const shown = this.#unreadOnly ? notifications.filter(({ read }) => !read) : notifications
    const focused = this.#focusedIndex()
    this.#place(shown)
    // Whoever archived something goes on with the next one.
    if (focused >= 0 && this.#focusedIndex() < 0) this.#focusAt(Math.min(focused, shown.length - 1))
    this.#list.hidden = shown.length === 0
    this.#more.hidden = !hasMore || this.#unreadOnly
    const isWaiting = loading && connectionState !== 'disconnected'
    this.#instead.replaceChildren(...(shown.length > 0 ? [] : this.#nothing(isWaiting)))
  }

  /** Time has passed. */
  tick(): void {
    for (const item of this.#items.values()) item.tick()
  }

  focus(): boolean {
    return this.#focusAt(0)
  }

  /** Puts the items in order, without moving those that are where they belong. */
  #place(shown: readonly NotificationRecord[]): void {
    const wanted = new Set(shown.map(({ id }) => id))
    for (const [id, item] of this.#items) {
      if (wanted.has(id)) continue
      item.element.remove()
      this.#items.delete(id)
    }
    let before = this.#list.firstElementChild
    for (const record of shown) {
      const item = this.#items.get(record.id) ?? new ItemView(this.#context)
      this.#items.set(record.id, item)
      if (item.element === before) before = before.nextElementSibling
      else this.#list.insertBefore(item.element, before)
      item.update(record)
    }
  }

  #nothing(isWaiting: boolean): HTMLElement[] {
    const { labels } = this.#context
    if (isWaiting) {
      const ghost = () => h('div', { class: 'ghost', 'aria-hidden': 'true' }, h('i'), h('i'))
      const words = h('p', { class: 'unseen' }, labels.loading)
      return [words, ...Array.from({ length: GHOSTS }, ghost)]
    }
    const [title, hint] = this.#unreadOnly
      ? [labels.nothingUnread, '']
      : [labels.empty, labels.emptyHint]
    const words = [h('strong', {}, title), h('span', {}, hint)]
    return [h('div', { class: 'empty', part: 'empty' }, icon('bell'), ...words)]
  }

  #onKey(event: KeyboardEvent): void {
    const { key, ctrlKey, metaKey, altKey, target } = event
    if (ctrlKey || metaKey || altKey || target instanceof HTMLInputElement) return
    const at = this.#focusedIndex()
    const last = this.#list.children.length - 1
    const goTo = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0) }
    const wanted = { ...goTo, Home: 0, End: last }[key]
    if (wanted !== undefined) this.#focusAt(wanted)
    else if (!this.#itemAt(at)?.onKey(key)) return
    event.preventDefault()
    event.stopPropagation()
  }

  #focusAt(index: number): boolean {
    const item = this.#itemAt(index)
    item?.focus()
    return item !== undefined
  }

  #itemAt(index: number): ItemView | undefined {
    const element = this.#list.children[index]
    return [...this.#items.values()].find((item) => item.element === element)
  }

  #focusedIndex(): number {
    const root = this.element.getRootNode() as ShadowRoot
    return [...this.#list.children].findIndex((item) => item.contains(root.activeElement))
  }
}
