import { z } from 'zod'
import type { HookState } from '../services/deliveries/hook-state.ts'
import type { Directory } from '../services/directory/directory.ts'
import type { Memberships } from '../services/directory/memberships.ts'
import type { PersonalData } from '../services/directory/personal-data.ts'
import { isTimeZone } from '../services/directory/quiet-hours.ts'
import { hooksOf } from '../services/directory/user-hooks.ts'
import type { Device, UserChanges } from '../services/directory/user-record.ts'
import { asBelfryError, type Context, Forbidden } from '../src/index.ts'
import { discordUrl, email, phone, slackUrl, webhookUrl } from './addresses.ts'
import { safeId, userId } from './fields.ts'

export const DeviceBody = z.object({
  platform: z.enum(['android', 'ios', 'web']),
  token: z.string().min(1).max(4096),
})

/** The fields of a profile; what is not given stays as it is, `null` clears it. */
export const UserBody = z.object({
  email: email().nullish(),
  phone: phone().nullish(),
  locale: z.string().max(35).nullish(),
  timezone: z
    .string()
    .refine(isTimeZone, 'must be an IANA time zone, such as Europe/Paris')
    .nullish(),
  roles: z.array(safeId('role')).max(100).optional(),
  groups: z.array(safeId('group')).max(100).optional(),
  organization_id: safeId('organization id').nullish(),
  slack_webhook_url: slackUrl().nullish(),
  discord_webhook_url: discordUrl().nullish(),
  webhook_url: webhookUrl().nullish(),
  devices: z.array(DeviceBody).max(100).optional(),
  data: z.record(z.string(), z.unknown()).optional(),
})

export const UsersBody = z.object({
  users: z
    .array(z.object({ id: userId() }).and(UserBody))
    .min(1)
    .max(500),
})

export const DevicesBody = z.object({ devices: z.array(DeviceBody).max(100) })
export const MembersBody = z.object({ members: z.array(userId()).min(1).max(1000) })

export const PageQuery = z.object({
  cursor: z.string().max(300).nullish(),
  limit: z.coerce.number().int().min(1).max(100).default(15),
})

type UserParam = { readonly id: string }

interface Parts {
  readonly directory: Directory
  readonly hooks: HookState
  readonly memberships: Memberships
  readonly personalData: PersonalData
}

/** `/api/users` and `/api/groups`: who there is, how to reach them, what they want. */
export class UserController {
  readonly #directory: Directory
  readonly #hooks: HookState
  readonly #memberships: Memberships
  readonly #personalData: PersonalData

  constructor(parts: Parts) {
    this.#directory = parts.directory
    this.#hooks = parts.hooks
    this.#memberships = parts.memberships
    this.#personalData = parts.personalData
  }

  list = async ({ query }: Context) => {
    const { cursor, limit } = query as z.output<typeof PageQuery>
    const page = await this.#directory.page(cursor ?? null, limit)
    const data = await Promise.all(page.ids.map((id) => this.#directory.find(id)))
    return { data, next_cursor: page.cursor }
  }

  /** The profile, and which of its URLs are not called any more. */
  find = async (context: Context<UserParam>) => {
    assertSelfOrAdmin(context)
    const user = await this.#directory.find(context.params.id)
    const disabled = await this.#hooks.disabled(hooksOf(user))
    return disabled.length === 0 ? user : { ...user, disabled_hooks: disabled }
  }

  save = async ({ params, payload }: Context<UserParam, z.output<typeof UserBody>>) =>
    this.#directory.save(params.id, changesOf(payload))

  /** One failure does not touch the others. */
  saveMany = async ({ payload }: Context<unknown, z.output<typeof UsersBody>>) => {
    const results = await Promise.allSettled(
      payload.users.map(({ id, ...changes }) => this.#directory.save(id, changesOf(changes))),
    )
    const rejected = results.flatMap((result, index) =>
      result.status === 'rejected' ? [{ index, error: asBelfryError(result.reason).toBody() }] : [],
    )
    return { saved: results.length - rejected.length, rejected }
  }

  devices = async (context: Context<UserParam>) => {
    assertSelfOrAdmin(context)
    return { devices: await this.#directory.devices(context.params.id) }
  }

  /** The list becomes what is given. */
  saveDevices = async (context: Context<UserParam, z.output<typeof DevicesBody>>) => {
    assertSelfOrAdmin(context)
    const { id } = context.params
    const wanted = context.payload.devices
    const before = await this.#directory.devices(id)
    const gone = before.filter((device) => !wanted.some((each) => same(each, device)))
    for (const { token } of gone) await this.#directory.removeDevice(id, token)
    for (const device of wanted) await this.#directory.addDevice(id, device)
    return { devices: await this.#directory.devices(id) }
  }

  exportData = async (context: Context<UserParam>) => {
    assertSelfOrAdmin(context)
    return this.#personalData.export(context.params.id)
  }

  eraseData = async (context: Context<UserParam>) => {
    assertSelfOrAdmin(context)
    return this.#personalData.erase(context.params.id)
  }

  members = async ({ params }: Context<UserParam>) => ({
    data: await this.#memberships.groupMembers(params.id),
    next_cursor: null,
  })

  addMembers = async ({ params, payload }: Context<UserParam, z.output<typeof MembersBody>>) => {
    await this.#memberships.addToGroup(params.id, payload.members)
    return { status: 'success', added: payload.members.length }
  }

  removeMembers = async ({ params, payload }: Context<UserParam, z.output<typeof MembersBody>>) => {
    await this.#memberships.removeFromGroup(params.id, payload.members)
    return { status: 'success', removed: payload.members.length }
  }

  onCall = async ({ params }: Context<UserParam>) => this.#onCallOf(params.id)

  addOnCall = async ({ params, payload }: Context<UserParam, z.output<typeof MembersBody>>) => {
    await this.#memberships.setOnCall(params.id, payload.members, true)
    return this.#onCallOf(params.id)
  }

  removeOnCall = async ({ params, payload }: Context<UserParam, z.output<typeof MembersBody>>) => {
    await this.#memberships.setOnCall(params.id, payload.members, false)
    return this.#onCallOf(params.id)
  }

  async #onCallOf(type: string) {
    return { data: await this.#memberships.onCall(type), next_cursor: null }
  }
}

/** Everybody sees and changes his own; somebody else's takes `admin`. */
export function assertSelfOrAdmin({ params, principal }: Context<UserParam>): void {
  if (principal?.id === params.id || principal?.scopes.includes('admin')) return
  throw new Forbidden(`This needs the scope admin, or to be user ${params.id}.`)
}

function changesOf(body: z.output<typeof UserBody>): UserChanges {
  const given = Object.entries(body).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as UserChanges
}

function same(a: Device, b: Device): boolean {
  return a.platform === b.platform && a.token === b.token
}
