import type { IncomingMessage } from 'node:http'
import type { Credential } from './application.ts'

/** The subprotocol whose second word is a token: browsers can send no other header. */
export const SUBPROTOCOL = 'belfry'

/** What a client showed in its handshake; `pathUser` is the user that the path names. */
export function readCredential(
  { headers }: IncomingMessage,
  url: URL,
  pathUser: string | null = null,
): Credential {
  const query = url.searchParams
  const header = headers['x-belfry-user']
  return {
    token:
      bearerOf(headers.authorization) ??
      query.get('token') ??
      tokenOf(headers['sec-websocket-protocol']),
    ticket: query.get('ticket'),
    userId: query.get('user_id') ?? (typeof header === 'string' ? header : null) ?? pathUser,
  }
}

function bearerOf(authorization: string | undefined): string | null {
  return /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? null
}

function tokenOf(subprotocols: string | undefined): string | null {
  const [name, token] = (subprotocols ?? '').split(',').map((word) => word.trim())
  return name === SUBPROTOCOL && token ? token : null
}
