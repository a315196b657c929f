/** What an event carries: `id, type, title, message, priority` and the fields of its kind. */
type Fields = Readonly<Record<string, unknown>>

const FEED_LENGTH = 8

/** The figures, bars and badges of the page. */
export class Dashboard {
  #total = 0
  #largest = 0
  #count = 0

  onLargeDonation = ({ amount, currency, donor_name, campaign_title }: Fields) => {
    const given = Number(amount)
    this.#total += given
    this.#count += 1
    this.#largest = Math.max(this.#largest, given)
    show('total', money(this.#total, currency))
    show('count', String(this.#count))
    show('largest', money(this.#largest, currency))
    const to = campaign_title ? ` to ${campaign_title}` : ''
    this.#tell(`${donor_name ?? 'Somebody'} gave ${money(given, currency)}${to}`)
  }

  /** A milestone, or any other step on the way; `milestone` and `percent` are per cent. */
  onProgress = ({ campaign_id, campaign_title, milestone, percent }: Fields) => {
    const reached = Math.min(100, Number(percent ?? milestone ?? 0))
    const bar = item('campaigns', String(campaign_id), () => {
      const name = element('span', String(campaign_title ?? campaign_id))
      const figure = element('span', '')
      const row = element('div', '')
      row.className = 'campaign'
      row.append(name, figure)
      const progress = document.createElement('progress')
      progress.max = 100
      progress.ariaLabel = name.textContent
      return [row, progress]
    })
    const progress = bar.querySelector('progress')
    const figure = bar.querySelector('span + span')
    if (progress !== null) progress.value = reached
    if (figure !== null) figure.textContent = `${reached} %`
  }

  onApprovalNeeded = ({ campaign_id, campaign_title, requested_by }: Fields) => {
    const by = requested_by ? `, asked for by ${requested_by}` : ''
    item('approval-list', String(campaign_id), () => [
      element('span', `${campaign_title ?? campaign_id}${by}`),
    ])
    const waiting = byId('approval-list').children.length
    const badge = byId('approval-badge')
    badge.textContent = String(waiting)
    badge.hidden = waiting === 0
  }

  onSecurityAlert = ({ message }: Fields) => {
    byId('security').dataset.level = 'alert'
    show('security', String(message))
  }

  onPersonal = ({ title, message }: Fields) => this.#tell(`${title}: ${message}`)

  #tell(text: string): void {
    const feed = byId('feed')
    feed.prepend(element('li', text))
    while (feed.children.length > FEED_LENGTH) feed.lastElementChild?.remove()
  }
}

/** The item of a list with this key, made if it is not there. */
function item(list: string, key: string, make: () => readonly Node[]): Element {
  const items = byId(list)
  const known = [...items.children].find((each) => (each as HTMLElement).dataset.key === key)
  if (known !== undefined) return known
  const made = document.createElement('li')
  made.dataset.key = key
  made.append(...make())
  items.append(made)
  return made
}

function money(amount: number, currency: unknown): string {
  const format = { style: 'currency', currency: String(currency ?? 'EUR') } as const
  return new Intl.NumberFormat('en', { ...format, maximumFractionDigits: 0 }).format(amount)
}

function element(tag: 'span' | 'li' | 'div', text: string): HTMLElement {
  const made = document.createElement(tag)
  made.textContent = text
  return made
}

function show(id: string, text: string): void {
  byId(id).textContent = text
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`The page has no #${id}.`)
  return found
}
