import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** `TRUST_PROXY`: how many proxies count, which, all, or none. */
export type TrustedProxies = boolean | number | readonly string[]

/**
 * Who is behind an upgrade, for requests that Fastify does not see: the nearest
 * address in `X-Forwarded-For` that is no trusted proxy, else the peer's own.
 */
export function clientAddress(request: IncomingMessage, trusted: TrustedProxies): string {
  const peer = request.socket.remoteAddress ?? ''
  const header = request.headers['x-forwarded-for']
  if (trusted === false || header === undefined) return peer
  const hops = [...String(header).split(','), peer].map((hop) => hop.trim()).reverse()
  const known = hops.filter((hop) => isIP(hop.replace(/^::ffff:/, '')) !== 0)
  if (trusted === true) return known.at(-1) ?? peer
  if (typeof trusted === 'number') return known[Math.min(trusted, known.length - 1)] ?? peer
  const list = blockListOf(trusted)
  return known.find((hop) => !isListed(list, hop)) ?? known.at(-1) ?? peer
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (isIP(address) === 0) continue
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return list
}

function isListed(list: BlockList, hop: string): boolean {
  const address = hop.replace(/^::ffff:/, '')
  return list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
