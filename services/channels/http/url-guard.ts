import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { buildConnector } from 'undici'
import { isPublicAddress, nameOf, Reach } from './reach.ts'

/** A URL that must not be called. Its message names the host at most. */
export class UrlRefused extends Error {}

/** Every address of a host name. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

interface GuardOptions {
  /** `OUTBOUND_ALLOW`: networks and hosts that may be reached besides public addresses. */
  readonly allow?: readonly string[]
  readonly resolve?: Resolve
  readonly connectTimeoutMs?: number
}

/**
 * Keeps requests to URLs that users give away from what only we can reach.
 * A URL is looked at three times: as it is written ({@link admit}), when its
 * host is looked up (every answer must be allowed, and one of exactly those is
 * connected to: nothing is looked up twice), and when the connection stands.
 */
export class UrlGuard {
  readonly #reach: Reach
  readonly #resolve: Resolve
  readonly #connectors: Readonly<Record<string, buildConnector.connector>>

  constructor({ allow = [], resolve = resolveBySystem, connectTimeoutMs = 5000 }: GuardOptions) {
    this.#reach = new Reach(allow)
    this.#resolve = resolve
    const connectorOf = (protocol: string) =>
      buildConnector({
        lookup: this.#lookup(protocol),
        timeout: connectTimeoutMs,
        allowH2: false,
      } as buildConnector.BuildOptions)
    this.#connectors = { 'https:': connectorOf('https:'), 'http:': connectorOf('http:') }
  }

  /**
   * The parsed URL, if it may be called as far as can be seen from it. `pinnedTo`
   * names the hosts of a vendor: then no others will do, allowed ones aside.
   * Throws {@link UrlRefused}.
   */
  admit(text: string, pinnedTo: readonly string[] = []): URL {
    const url = URL.parse(text)
    if (url === null) throw new UrlRefused('the URL cannot be read')
    if (this.#connectors[url.protocol] === undefined) {
      throw new UrlRefused('the URL is neither https nor http')
    }
    if (url.username !== '' || url.password !== '') {
      throw new UrlRefused('the URL has a user name or a password')
    }
    const host = hostOf(url)
    if (isIP(host) !== 0) this.#assertAddress(host, { host, protocol: url.protocol })
    else if (pinnedTo.length === 0) this.#assertName(host)
    if (pinnedTo.length > 0 && !pinnedTo.includes(nameOf(host)) && !this.#isAllowed(host)) {
      throw new UrlRefused(`${host} is not ${pinnedTo[0]}, and OUTBOUND_ALLOW does not name it`)
    }
    return url
  }

  /** For undici's `Agent`: connects to addresses that may be reached, and to no others. */
  connect: buildConnector.connector = (options, callback) => {
    const { hostname, protocol } = options
    const host = hostname.replace(/^\[|\]$/g, '')
    const connector = this.#connectors[protocol]
    if (connector === undefined) {
      callback(new UrlRefused('the URL is neither https nor http'), null)
      return
    }
    connector(options, (...[error, socket]) => {
      if (error !== null) callback(error, null)
      else this.#checkConnected(socket, { host, protocol }, callback)
    })
  }

  #checkConnected(
    socket: Socket,
    { host, protocol }: { host: string; protocol: string },
    callback: buildConnector.Callback,
  ): void {
    try {
      this.#assertAddress(socket.remoteAddress ?? '', { host, protocol })
    } catch (error) {
      socket.destroy()
      callback(error as UrlRefused, null)
      return
    }
    callback(null, socket)
  }

  #lookup(protocol: string): LookupFunction {
    return (host, { all }, callback) => {
      this.#resolve(host)
        .then((addresses) => {
          const [first] = addresses
          if (first === undefined) throw new UrlRefused(`${host} has no address`)
          for (const { address } of addresses) this.#assertAddress(address, { host, protocol })
          if (all) callback(null, [...addresses])
          else callback(null, first.address, first.family)
        })
        .catch((error: NodeJS.ErrnoException) => callback(error, [] as LookupAddress[]))
    }
  }

  #isAllowed(host: string): boolean {
    const reach = this.#reach
    if (reach.allowsHost(host) || reach.allowsAddress(host)) return true
    return isThisMachine(host) && LOOPBACK.some((address) => reach.allowsAddress(address))
  }

  /** Plain http is for what the operator named: elsewhere others could read along. */
  #assertAddress(address: string, { host, protocol }: { host: string; protocol: string }): void {
    if (this.#reach.allowsHost(host) || this.#reach.allowsAddress(address)) return
    if (!isPublicAddress(address)) {
      const what = host === address ? 'is not' : 'does not lead to'
      throw new UrlRefused(`${host} ${what} a public address, and OUTBOUND_ALLOW does not name it`)
    }
    if (protocol !== 'https:') {
      throw new UrlRefused(`${host} is called without https, and OUTBOUND_ALLOW does not name it`)
    }
  }

  /** Names that resolvers answer by themselves need not be asked for. */
  #assertName(host: string): void {
    if (!isThisMachine(host) || this.#isAllowed(host)) return
    throw new UrlRefused(`${host} is this machine, and OUTBOUND_ALLOW does not name it`)
  }
}

const LOOPBACK = ['127.0.0.1', '::1']

function isThisMachine(host: string): boolean {
  return /(^|\.)localhost$/.test(nameOf(host))
}

function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '')
}

const resolveBySystem: Resolve = (host) =>
  new Promise((resolve, reject) => {
    systemLookup(host, { all: true }, (error, addresses) => {
      if (error) reject(error)
      else resolve(addresses)
    })
  })
