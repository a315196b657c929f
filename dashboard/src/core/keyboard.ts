import { signal } from '@preact/signals'
import { go } from './route.ts'

/** Whether the list of keys is shown. */
export const isHelpOpen = signal(false)

/** What the keys do, as the help says it. */
export const KEYS: readonly (readonly [string, string])[] = [
  ['j  k', 'next, previous row'],
  ['Enter', 'open the row'],
  ['Esc', 'close, back'],
  ['e', 'the main act: acknowledge, archive, release, retry'],
  ['s', 'snooze'],
  ['r', 'resolve, replay'],
  ['p', 'pause, go on'],
  ['/', 'search'],
  ['g l  g a  g o  g c  g q  g p', 'Live, Alerts, Outbox, Compose, Queues, People'],
  ['t', 'light, dark'],
  ['?', 'this list'],
]

const PAGES: Readonly<Record<string, string>> = {
  l: 'live',
  a: 'alerts',
  o: 'outbox',
  c: 'compose',
  q: 'queues',
  p: 'people',
  n: 'connections',
  t: 'topics',
  m: 'templates',
  s: 'stats',
  y: 'system',
  i: 'inbox',
}

const TYPED = 'input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]'

let isGoing = false

/** Listens for the keys of {@link KEYS}; nobody who is typing is disturbed. */
export function startKeyboard(): void {
  addEventListener('keydown', (event) => {
    const isOpen = document.querySelector('dialog[open]') !== null
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    if (isOpen && event.key !== '?') return
    if (handle(event.key)) event.preventDefault()
  })
}

function handle(key: string): boolean {
  if (isGoing) {
    isGoing = false
    const page = PAGES[key]
    if (page !== undefined) go(`#/${page}`)
    return page !== undefined
  }
  switch (key) {
    case 'g':
      isGoing = true
      return true
    case '?':
      isHelpOpen.value = !isHelpOpen.value
      return true
    case 'j':
    case 'k':
      return step(key === 'j' ? 1 : -1)
    case '/':
      return focusOn('[data-search]')
    default:
      return press(key === 'Escape' ? 'Escape' : key)
  }
}

/** Rows are links or buttons in the order of the page, so that Enter opens them by itself. */
function step(by: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')]
  const at = rows.indexOf(document.activeElement?.closest<HTMLElement>('[data-row]') as HTMLElement)
  const next = rows[at === -1 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))]
  next?.focus()
  return next !== undefined
}

/** What a key stands for in the row that has the focus, else in the open panel, else on the page. */
function press(key: string): boolean {
  const name = CSS.escape(key)
  const row = document.activeElement?.closest('[data-item]')
  const places = [
    row,
    document.querySelector('aside'),
    document.querySelector('main'),
    document.body,
  ]
  const found = places
    .map((each) => each?.querySelector<HTMLElement>(`[data-key="${name}"]:not(:disabled)`))
    .find((each) => each != null)
  found?.click()
  return found != null
}

function focusOn(selector: string): boolean {
  const found = document.querySelector<HTMLInputElement>(selector)
  found?.focus()
  found?.select?.()
  return found !== null
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches(TYPED)
}
