import { BlockList, isIP } from 'node:net'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Whether a name or address is of this machine alone; `::ffff:127.0.0.1` counts. */
export function isLoopbackAddress(host: string): boolean {
  const version = isIP(host)
  if (version !== 0) return LOOPBACK.check(host, version === 6 ? 'ipv6' : 'ipv4')
  return /^(.+\.)?localhost\.?$/i.test(host)
}
