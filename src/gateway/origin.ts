/** Which browser origins are let in: those of this machine, the server's own, or these. */
export type Origins = 'loopback' | 'same' | readonly string[]

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/**
 * Whether a page of `origin` may open a socket to `host`. Clients that are no
 * browsers send no origin and are let in: they cannot be made to by a page.
 */
export function isOriginAllowed(
  origins: Origins,
  origin: string | undefined,
  host: string | undefined,
): boolean {
  if (origin === undefined) return true
  const url = URL.parse(origin)
  if (url === null) return false
  if (origins === 'loopback') return LOOPBACK.test(url.hostname)
  if (origins === 'same') return url.host === host
  return origins.includes('*') || origins.includes(url.origin)
}
