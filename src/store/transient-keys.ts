/**
 * What belongs to connections, processes and moments: it does not go along when a
 * store is moved. `imported:` are marks of an earlier move, and
 * `expiring:` is an index that an adapter keeps of its own.
 */
const TRANSIENT =
  /^(?:t:[^:]+:)?(?:websocket|gateway|presence|channel_cache|rate|mqtt|packet|slots|imported|expiring)(?::|$)/

export function isTransient(key: string): boolean {
  return TRANSIENT.test(key)
}
