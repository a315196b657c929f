import { z } from 'zod'
import {
  type BroadcastDesk,
  type HttpContext,
  HttpReply,
  InvalidPayload,
  isChannelName,
  isSafeId,
  PROBLEM_TYPE,
  parseJson,
  problemBody,
  readChannelName,
  userChannel,
  userOfChannel,
} from '../src/index.ts'

const MOST_CHANNELS = 100
const MOST_EVENTS = 10

const channel = z.string().refine(isTarget, 'is not the name of a channel')
const event = {
  name: z.string().min(1).max(200),
  /** JSON text; values that are no text are taken as they are. */
  data: z.unknown(),
  socket_id: z.string().max(128).nullish(),
  info: z.string().max(200).optional(),
}

export const EventBody = z
  .looseObject({
    ...event,
    channel: channel.optional(),
    channels: z.array(channel).min(1).max(MOST_CHANNELS).optional(),
  })
  .refine((body) => (body.channel === undefined) !== (body.channels === undefined), {
    path: ['channels'],
    message: 'either channel or channels is required',
  })
export const BatchBody = z.looseObject({
  batch: z
    .array(z.looseObject({ ...event, channel }))
    .min(1)
    .max(MOST_EVENTS),
})
export const UserEventBody = z.looseObject({ name: event.name, data: event.data })
export const ChannelsQuery = z.looseObject({
  filter_by_prefix: z.string().max(200).default(''),
  info: z.string().max(200).default(''),
})
export const ChannelQuery = z.looseObject({ info: z.string().max(200).default('') })
export const ChannelParams = z.object({ app_id: z.string(), channel })
export const UserParams = z.object({ app_id: z.string(), user: z.string().refine(isSafeId) })

type Params<Schema extends z.ZodType> = z.output<Schema> & Readonly<Record<string, string>>
type AppParams = Readonly<Record<string, string>>

interface ChannelInfo {
  readonly user_count?: number
  readonly subscription_count?: number
}

/** The HTTP API of Pusher Channels, as its server libraries call it. */
export class PusherController {
  readonly #desk: BroadcastDesk

  constructor({ desk }: { readonly desk: BroadcastDesk }) {
    this.#desk = desk
  }

  event = async ({ payload }: HttpContext<AppParams, z.output<typeof EventBody>>) => {
    const { name, data, socket_id: except = null, info } = payload
    const channels = payload.channels ?? [payload.channel ?? '']
    const text = toJson(data)
    for (const each of new Set(channels)) {
      await this.#desk.trigger(each, { event: name, data: text, except })
    }
    if (info === undefined) return {}
    const infos = channels.map(async (each) => [each, await this.#info(each, info)] as const)
    return { channels: Object.fromEntries(await Promise.all(infos)) }
  }

  batch = async ({ payload }: HttpContext<AppParams, z.output<typeof BatchBody>>) => {
    const answers: ChannelInfo[] = []
    for (const { name, data, channel: target, socket_id: except = null, info } of payload.batch) {
      await this.#desk.trigger(target, { event: name, data: toJson(data), except })
      answers.push(info === undefined ? {} : await this.#info(target, info))
    }
    return { batch: answers }
  }

  channels = async ({ query }: HttpContext<AppParams, unknown, z.output<typeof ChannelsQuery>>) => {
    const { filter_by_prefix: prefix, info } = query
    if (asks(info, 'user_count') && readChannelName(`${prefix}x`).kind !== 'presence') {
      return badRequest('user_count is known of presence channels only; filter_by_prefix them.')
    }
    const counts = await this.#desk.channels(prefix)
    const infos = [...counts].map(async ([name, count]) => {
      const users = asks(info, 'user_count') ? { user_count: await this.#desk.userCount(name) } : {}
      const clients = asks(info, 'subscription_count') ? { subscription_count: count } : {}
      return [name, { ...users, ...clients }] as const
    })
    return { channels: Object.fromEntries(await Promise.all(infos)) }
  }

  channel = async ({
    params,
    query,
  }: HttpContext<Params<typeof ChannelParams>, unknown, z.output<typeof ChannelQuery>>) => {
    const { channel: name } = params
    if (asks(query.info, 'user_count') && readChannelName(name).kind !== 'presence') {
      return badRequest('user_count is known of presence channels only.')
    }
    const count = await this.#desk.subscriptionCount(name)
    return { occupied: count > 0, ...(await this.#info(name, query.info, count)) }
  }

  users = async ({ params }: HttpContext<Params<typeof ChannelParams>>) => {
    if (readChannelName(params.channel).kind !== 'presence') {
      return badRequest('Users are known of presence channels only.')
    }
    const members = await this.#desk.users(params.channel)
    return { users: members.map(({ id }) => ({ id })) }
  }

  terminate = async ({ params }: HttpContext<Params<typeof UserParams>>) => {
    this.#desk.terminate(params.user)
    return {}
  }

  userEvent = async ({
    params,
    payload,
  }: HttpContext<Params<typeof UserParams>, z.output<typeof UserEventBody>>) => {
    const triggered = { event: payload.name, data: toJson(payload.data), except: null }
    await this.#desk.trigger(userChannel(params.user), triggered)
    return {}
  }

  async #info(name: string, info: string, known?: number): Promise<ChannelInfo> {
    const isPresence = readChannelName(name).kind === 'presence'
    const users =
      asks(info, 'user_count') && isPresence ? { user_count: await this.#desk.userCount(name) } : {}
    const clients = asks(info, 'subscription_count')
      ? { subscription_count: known ?? (await this.#desk.subscriptionCount(name)) }
      : {}
    return { ...users, ...clients }
  }
}

function asks(info: string, word: string): boolean {
  return info.split(',').includes(word)
}

function isTarget(name: string): boolean {
  const user = userOfChannel(name)
  return user === null ? isChannelName(name) : isSafeId(user)
}

/** Text that is JSON stays as it is; any other text becomes a JSON string. */
function toJson(data: unknown): string {
  if (typeof data !== 'string') return JSON.stringify(data ?? null)
  try {
    parseJson(data)
    return data
  } catch {
    return JSON.stringify(data)
  }
}

/** Pusher's own status for what cannot be asked. */
function badRequest(message: string): HttpReply {
  const body = { ...problemBody(new InvalidPayload(message)), status: 400 }
  return new HttpReply(400, body, { 'content-type': PROBLEM_TYPE })
}
