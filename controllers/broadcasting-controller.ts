import { z } from 'zod'
import type { ChannelAccess } from '../services/access/channel-access.ts'
import {
  type AppCredentials,
  Forbidden,
  type HttpContext,
  HttpReply,
  InvalidPayload,
  isChannelName,
  PROBLEM_TYPE,
  type Principal,
  problemBody,
  readChannelName,
  Unauthenticated,
} from '../src/index.ts'

const socketId = z.string().regex(/^\d{1,20}\.\d{1,20}$/)

/** A form of `pusher-js`, or the same as JSON. */
export const ChannelAuthBody = z.looseObject({
  socket_id: socketId,
  channel_name: z.string().min(1).max(300),
})
export const UserAuthBody = z.looseObject({ socket_id: socketId })

interface Parts {
  /** What is signed with. */
  readonly credentials: () => AppCredentials | Promise<AppCredentials>
  readonly access: ChannelAccess
}

type Params = Readonly<Record<string, string>>
type Query = Readonly<Record<string, unknown>>

/** Signs for sockets, on whatever process they are, what their users may. */
export class BroadcastingController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Lets a socket onto a private or presence channel. */
  authorize = (context: HttpContext<Params, z.output<typeof ChannelAuthBody>>) =>
    this.#authorize(callerOf(context), context.payload)

  /** The same asked with GET, as older clients do. */
  authorizeByQuery = (context: HttpContext<Params, unknown, z.output<typeof ChannelAuthBody>>) =>
    this.#authorize(callerOf(context), context.query)

  /** Signs a socket in as its user. */
  signIn = async (context: HttpContext<Params, z.output<typeof UserAuthBody>, Query>) => {
    const { access } = this.#parts
    const credentials = await this.#parts.credentials()
    const userData = await access.userData(callerOf(context))
    const auth = credentials.authorizeUser(context.payload.socket_id, userData)
    return { auth, user_data: userData }
  }

  async #authorize(
    who: Principal,
    { socket_id: socket, channel_name: channel }: z.output<typeof ChannelAuthBody>,
  ) {
    if (!isChannelName(channel)) throw new InvalidPayload('There can be no such channel.')
    const { access } = this.#parts
    const { kind } = readChannelName(channel)
    const verdict = kind === 'public' ? false : await access.verdict(who, channel)
    if (verdict === null || verdict === false) return refusal(channel)
    const credentials = await this.#parts.credentials()
    if (kind !== 'presence') {
      const auth = credentials.authorize(socket, channel)
      return kind === 'encrypted'
        ? { auth, shared_secret: credentials.sharedSecret(channel) }
        : { auth }
    }
    const info = verdict === true ? { id: who.id } : verdict
    const data = JSON.stringify({ user_id: who.id, user_info: info })
    return { auth: credentials.authorize(socket, channel, data), channel_data: data }
  }
}

function callerOf({ principal }: { readonly principal: Principal | null }): Principal {
  if (principal === null) throw new Unauthenticated('Say who you are.')
  return principal
}

/** `error` is the word that Laravel's clients know. */
function refusal(channel: string): HttpReply {
  const problem = problemBody(new Forbidden(`You may not join the channel ${channel}.`))
  const body = { ...problem, error: 'Channel not authorized' }
  return new HttpReply(403, body, { 'content-type': PROBLEM_TYPE })
}
