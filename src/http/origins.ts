import type { IncomingHttpHeaders } from 'node:http'
import { isLoopbackAddress } from './loopback.ts'

export interface OriginSettings {
  /** `loopback`: pages of this machine; `same`: our own pages; or a list, `*` and `https://*.x.y` in it. */
  readonly origins: 'loopback' | 'same' | readonly string[]
  /** Our address as outsiders know it, where somebody said it. */
  readonly publicUrl: string | null
  /** Where we listen. */
  readonly host: string
}

/**
 * Which web pages may speak to us from a browser (`BELFRY_ORIGINS`): for CORS,
 * for writes, WebSockets and event streams. Who is no browser sends no origin.
 */
export class Origins {
  readonly #settings: OriginSettings
  readonly #publicOrigin: string | null
  readonly #publicHost: string | null

  constructor(settings: OriginSettings) {
    const url = settings.publicUrl === null ? null : URL.parse(settings.publicUrl)
    this.#settings = settings
    this.#publicOrigin = url?.origin ?? null
    this.#publicHost = url?.host ?? null
  }

  /** Whether a request may be answered to the page that sent it. */
  allows({ origin, host }: IncomingHttpHeaders): boolean {
    if (origin === undefined) return true
    const page = origin.toLowerCase()
    if (page === this.#publicOrigin) return true
    const { origins } = this.#settings
    if (origins === 'loopback') return isLoopbackAddress(hostnameOf(page))
    if (isSame(page, host)) return true
    return origins !== 'same' && origins.some((pattern) => fits(page, pattern))
  }

  /**
   * Whether we are who the request thinks it speaks to. Where everybody on this
   * machine is let in without a token, a name of somebody else's that leads here
   * (DNS rebinding) must not be taken.
   */
  knowsHost({ host }: IncomingHttpHeaders): boolean {
    const isOpen = this.#settings.origins === 'loopback' && isLoopbackAddress(this.#settings.host)
    if (!isOpen || host === undefined) return true
    return (
      host.toLowerCase() === this.#publicHost || isLoopbackAddress(hostnameOf(`http://${host}`))
    )
  }
}

function hostnameOf(origin: string): string {
  return URL.parse(origin)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? ''
}

/** By host and port, the port that the page's scheme implies included. */
function isSame(page: string, host: string | undefined): boolean {
  const url = URL.parse(page)
  // `null`, as pages of files and sandboxes say, is nobody's origin.
  if (url === null || host === undefined) return false
  return url.host === URL.parse(`${url.protocol}//${host}`)?.host
}

function fits(page: string, pattern: string): boolean {
  if (pattern === '*' || pattern === page) return true
  const [scheme, family] = pattern.split('://*.')
  if (family === undefined) return false
  const rest = page.startsWith(`${scheme}://`) ? page.slice(`${scheme}://`.length) : ''
  return rest.endsWith(`.${family}`)
}
