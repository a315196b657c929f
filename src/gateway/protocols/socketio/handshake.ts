import type { IncomingMessage } from 'node:http'
import { InvalidPayload } from '../../../support/errors.ts'
import { isSafeId } from '../../../support/ids.ts'
import type { Credential } from '../../application.ts'
import { readCredential } from '../../credential.ts'
import { type Places, parsePlaces } from '../../position.ts'

/** What a client shows when it connects: the `auth` option, and what is in the address. */
export interface SocketIoHandshake {
  readonly credential: Credential
  /** The place that the library comes back to; `null`: it is new. */
  readonly pid: string | null
  /** The session to resume, or the name of a new one. */
  readonly sessionId: string | null
  /** The last number that the client has; `null`: it does not say. */
  readonly hasUpTo: number | null
  /** Where it stands on channels with a history. */
  readonly places: Places
  readonly acknowledges: boolean
}

type Fields = Readonly<Record<string, unknown>>

/** Throws `InvalidPayload`. */
export function readHandshake(request: IncomingMessage, auth: Fields): SocketIoHandshake {
  const url = new URL(request.url ?? '/', 'http://localhost')
  const shown = readCredential(request, url)
  const pid = textOf(auth.pid)
  const sessionId = pid?.split('/', 1)[0] ?? textOf(auth.session_id)
  if (sessionId !== null && !isSafeId(sessionId)) {
    throw new InvalidPayload('The session_id is not valid.')
  }
  const [offset = '', ...places] = textOf(auth.offset)?.split('/') ?? []
  return {
    credential: {
      token: textOf(auth.token) ?? shown.token,
      ticket: textOf(auth.ticket) ?? shown.ticket,
      userId: textOf(auth.user_id) ?? shown.userId,
    },
    pid,
    sessionId,
    hasUpTo: /^\d{1,15}$/.test(offset) ? Number(offset) : null,
    places: parsePlaces(places),
    acknowledges: [true, 1, '1', 'true'].includes(auth.ack as string),
  }
}

function textOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : null
}
