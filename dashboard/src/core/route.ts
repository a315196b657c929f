import { computed, signal } from '@preact/signals'

/** Where the page is: `#/alerts/a1?status=open` is page `alerts`, rest `['a1']`. */
export interface Place {
  readonly page: string
  readonly rest: readonly string[]
  readonly query: URLSearchParams
}

type Values = Readonly<Record<string, string | null | undefined>>

const hash = signal(location.hash)
addEventListener('hashchange', () => {
  hash.value = location.hash
})

/** The address is the state: whatever is shown can be sent to somebody as a link. */
export const place = computed<Place>(() => {
  const [path = '', query = ''] = hash.value.replace(/^#\/?/, '').split('?')
  const [page = '', ...rest] = path.split('/').map(decode)
  return { page, rest, query: new URLSearchParams(query) }
})

/** The address of a page, its parts encoded. */
export function href(parts: readonly string[], query: Values = {}): string {
  const given = Object.entries(query).filter(([, value]) => value != null && value !== '')
  const search = new URLSearchParams(given as [string, string][]).toString()
  return `#/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`
}

/** The address of this page with another rest, filters kept. */
export function hrefWithin(rest: readonly string[]): string {
  const { page, query } = place.value
  return href([page, ...rest], Object.fromEntries(query))
}

/** Goes to an address of {@link href}. */
export function go(address: string): void {
  location.hash = address
}

/** Changes filters without a step in the browser's history. */
export function setQuery(values: Values): void {
  const { page, rest, query } = place.value
  const address = href([page, ...rest], { ...Object.fromEntries(query), ...values })
  history.replaceState(history.state, '', address)
  hash.value = address
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
