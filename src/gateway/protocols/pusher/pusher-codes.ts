/**
 * What `pusher:error` and a close say, as `pusher-js` takes it: after 4000–4099 it
 * stays away, after 4100–4199 it comes back in a second, after 4200–4299 at once
 * and without end (so none of those is ever used), after 4300–4399 it stays.
 */
export const PUSHER_CODE = {
  unknownApp: 4001,
  /** Too many connections of this user. */
  overQuota: 4004,
  unsupportedProtocol: 4007,
  unauthorized: 4009,
  /** This process has too many connections, or the credential has ended: come back. */
  comeBack: 4100,
  clientEventRejected: 4301,
} as const
