import type { NotificationClient, NotificationRecord } from '../core/index.ts'
import { clientOf } from './client-of.ts'
import type { BellContext } from './context.ts'
import { h, icon, setAttribute } from './dom.ts'
import { type Labels, labelsFor } from './labels.ts'
import { Panel } from './panel.ts'
import { placePanel } from './place-panel.ts'
import { bellStyles } from './styles.ts'

const TICK_MS = 30_000
const MOST_SHOWN = 99

/** On a server there are no elements; the class is then only a name. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement)

/**
 * `<notification-bell>`: a bell with the unread count, and all notifications
 * under it. Attributes `url`, `user-id`, `token`, `locale`, `theme` (`light`,
 * `dark`); or the property `client`. Events, which a page may cancel to act
 * itself: `notification-open`, `notification-action`.
 */
export class NotificationBellElement extends Base {
  static readonly observedAttributes = ['locale', 'url', 'user-id', 'token']

  #client: NotificationClient | null = null
  /** Made from our attributes, and gone when they change. */
  #own: NotificationClient | null = null
  #labels: Partial<Labels> = {}
  #panel: Panel | null = null
  #button: HTMLButtonElement | null = null
  #badge: HTMLElement | null = null
  #offline: HTMLElement | null = null
  #live: HTMLElement | null = null
  #ending = new AbortController()
  #release: () => void = () => {}

  /** Whose notifications are shown. Default: one that the attributes describe. */
  get client(): NotificationClient {
    if (this.#client !== null) return this.#client
    this.#own ??= clientOf(this)
    return this.#own
  }

  set client(client: NotificationClient | null | undefined) {
    if ((client ?? null) === this.#client) return
    this.#client = client ?? null
    this.#restart()
  }

  /** Words of the page's own, over those of the locale. */
  get labels(): Partial<Labels> {
    return this.#labels
  }

  set labels(labels: Partial<Labels>) {
    if (isSame(labels, this.#labels)) return
    this.#labels = labels
    this.#restart()
  }

  get isOpen(): boolean {
    return this.#panel?.element.matches(':popover-open') ?? false
  }

  connectedCallback(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [bellStyles()]
    if (!this.#isWaiting) this.#start(root)
  }

  disconnectedCallback(): void {
    this.#stop()
  }

  attributeChangedCallback(_name: string, before: string | null, after: string | null): void {
    if (before !== after) this.#restart()
  }

  open(): void {
    const panel = this.#panel
    if (panel === null || this.isOpen) return
    panel.element.showPopover()
    this.#place()
    this.#button?.setAttribute('aria-expanded', 'true')
    panel.focus()
  }

  close(): void {
    if (!this.isOpen) return
    this.#panel?.element.hidePopover()
    this.#button?.setAttribute('aria-expanded', 'false')
    this.#button?.focus()
  }

  /** A framework said that it will set `client`. */
  get #isWaiting(): boolean {
    return this.#client === null && this.hasAttribute('data-client')
  }

  #restart(): void {
    if (this.shadowRoot === null || !this.isConnected) return
    this.#stop()
    if (this.#isWaiting) return
    this.#start(this.shadowRoot)
  }

  #start(root: ShadowRoot): void {
    const context = this.#context()
    const { client } = context
    this.#ending = new AbortController()
    this.#panel = new Panel(context, () => this.close())
    this.#badge = h('span', { class: 'badge', part: 'badge', 'aria-hidden': 'true' })
    this.#offline = h('span', { class: 'offline', part: 'offline', 'aria-hidden': 'true' })
    const onclick = () => (this.isOpen ? this.close() : this.open())
    const parts = [icon('bell'), this.#badge, this.#offline]
    this.#button = h('button', { ...BUTTON, onclick }, ...parts)
    this.#live = h('div', { class: 'unseen', role: 'status' })
    root.replaceChildren(this.#button, this.#panel.element, this.#live)
    this.#listen(context)
    this.#release = client.retain()
    this.#update(context)
  }

  #stop(): void {
    this.#ending.abort()
    this.#release()
    this.#release = () => {}
    this.#own = null
    this.#panel = null
  }

  #context(): BellContext {
    const locale =
      this.getAttribute('locale') ??
      this.closest<HTMLElement>('[lang]')?.lang ??
      globalThis.navigator.language
    const labels = { ...labelsFor(locale), ...this.#labels }
    return {
      ...{ client: this.client, labels, locale },
      attempt: (work) => {
        this.#panel?.complain('')
        work().catch((error: unknown) => {
          const why = error instanceof Error ? error.message : ''
          this.#panel?.complain(`${labels.failed} ${why}`.trim())
        })
      },
      fire: (name, detail) =>
        this.dispatchEvent(
          new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }),
        ),
    }
  }

  #listen(context: BellContext): void {
    const { client } = context
    const { signal } = this.#ending
    const stops = [
      client.onChange(() => this.#update(context)),
      client.on('notification', (record) => this.#ring(context, record)),
    ]
    const ticking = setInterval(() => this.#panel?.tick(), TICK_MS)
    signal.addEventListener('abort', () => {
      for (const stop of stops) stop()
      clearInterval(ticking)
    })
    const place = () => this.#place()
    window.addEventListener('resize', place, { signal })
    window.addEventListener('scroll', place, { signal, capture: true, passive: true })
    document.addEventListener('pointerdown', (event) => this.#onElsewhere(event), { signal })
    this.#panel?.element.addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.close()
    })
  }

  #onElsewhere(event: PointerEvent): void {
    if (!event.composedPath().includes(this)) this.close()
  }

  #update({ client, labels }: BellContext): void {
    const { snapshot } = client
    const { unreadCount: count, connectionState: state } = snapshot
    if (this.#badge === null || this.#button === null || this.#offline === null) return
    this.#badge.textContent = count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count)
    this.#badge.hidden = count === 0
    const isLost = state === 'reconnecting' || state === 'disconnected'
    this.#offline.hidden = !isLost
    const words = [labels.notifications, ...(count > 0 ? [labels.unreadCount(count)] : [])]
    if (isLost) words.push(labels.state[state])
    setAttribute(this.#button, 'aria-label', words.join(', '))
    this.#panel?.update(snapshot)
  }

  /** Something new: seen, and said by screen readers. */
  #ring({ labels }: BellContext, { title }: NotificationRecord): void {
    this.#button?.classList.remove('ring')
    requestAnimationFrame(() => this.#button?.classList.add('ring'))
    if (this.#live !== null) this.#live.textContent = labels.arrived(title)
  }

  #place(): void {
    if (this.isOpen && this.#button !== null && this.#panel !== null) {
      placePanel(this.#panel.element, this.#button)
    }
  }
}

/** Frameworks hand over the same words in a new object on every render. */
function isSame(a: object, b: object): boolean {
  const [one, other] = [Object.entries(a), new Map(Object.entries(b))]
  return one.length === other.size && one.every(([name, value]) => other.get(name) === value)
}

const BUTTON = {
  ...{ class: 'bell', part: 'button', type: 'button' },
  ...{ 'aria-haspopup': 'dialog', 'aria-expanded': 'false', 'aria-controls': 'panel' },
}
