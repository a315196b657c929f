import { BlockList, isIP } from 'node:net'
import { domainToASCII } from 'node:url'

/** IPv4 that is not part of the public internet (IANA special-purpose registry, RFC 6890). */
const NOT_PUBLIC: readonly (readonly [address: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
]

/** Parts of 2000::/3 that are not hosts of the internet, or that hide an IPv4 address. */
const NOT_PUBLIC_6: readonly (readonly [address: string, bits: number])[] = [
  // Teredo, ORCHID and other protocol assignments; documentation; 6to4.
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const special4 = listOf(NOT_PUBLIC, 'ipv4')
const special6 = listOf(NOT_PUBLIC_6, 'ipv6')
const global6 = listOf([['2000::', 3]], 'ipv6')

/**
 * Whether an IP address belongs to the public internet. Addresses of IPv6 that
 * wrap one of IPv4 (mapped, NAT64, 6to4, Teredo) never do.
 */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !special4.check(address, 'ipv4')
  if (version !== 6) return false
  return global6.check(address, 'ipv6') && !special6.check(address, 'ipv6')
}

/** What the operator lets be reached besides public addresses: `OUTBOUND_ALLOW`. */
export class Reach {
  readonly #networks = new BlockList()
  readonly #hosts = new Set<string>()
  readonly #families: string[] = []

  /** Addresses, networks (CIDR) and host names; `*.lan` for every host below `lan`. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry)
  }

  /** Whether a host was allowed by its name, whatever its addresses are. */
  allowsHost(host: string): boolean {
    const name = nameOf(host)
    return this.#hosts.has(name) || this.#families.some((family) => name.endsWith(family))
  }

  allowsAddress(address: string): boolean {
    const version = isIP(address)
    return version !== 0 && this.#networks.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }

  #add(entry: string): void {
    const [address = '', bits] = entry.split('/')
    const version = isIP(address)
    if (version !== 0) {
      const prefix = bits === undefined ? (version === 4 ? 32 : 128) : Number(bits)
      this.#networks.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6')
    } else if (entry.startsWith('*.')) this.#families.push(`.${nameOf(entry.slice(2))}`)
    else this.#hosts.add(nameOf(entry))
  }
}

/** A host name in the one form in which names are compared. */
export function nameOf(host: string): string {
  return domainToASCII(host.replace(/\.$/, '')).toLowerCase()
}

function listOf(rows: readonly (readonly [string, number])[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  for (const [address, bits] of rows) list.addSubnet(address, bits, family)
  return list
}
