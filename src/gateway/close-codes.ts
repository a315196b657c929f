/**
 * Why a native WebSocket was closed by us. 1000–1015 are those of RFC 6455;
 * 4000–4999 are ours. After 4000–4099 a client should not come back as it is,
 * after 4100–4199 it should after a pause.
 */
export const CLOSE = {
  /** The session was ended by request. */
  ended: 1000,
  /** The process stops; come back at once, to another one. */
  restarting: 1012,
  /** The token has expired or was never shown: come back with a new one. */
  unauthenticated: 4001,
  /** The same session was opened by a later socket, which holds it now. */
  takenOver: 4002,
  /** The channel named in the address may not be joined. */
  forbidden: 4003,
  /** Too many connections of this user. */
  tooMany: 4029,
  /** The store is away; come back later. */
  unavailable: 4100,
} as const
