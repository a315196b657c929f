import { InvalidPayload, isSafeId } from '../../src/index.ts'
import type { Preferences } from './preferences.ts'

/** One device that takes push notifications. */
export interface Device {
  readonly platform: 'android' | 'ios' | 'web'
  readonly token: string
}

/** What is known of a user, as the wire shows it (contract §4). */
export interface UserRecord {
  readonly id: string
  readonly email: string | null
  readonly phone: string | null
  readonly locale: string | null
  readonly timezone: string | null
  readonly roles: readonly string[]
  readonly groups: readonly string[]
  readonly organization_id: string | null
  readonly slack_webhook_url: string | null
  readonly discord_webhook_url: string | null
  readonly webhook_url: string | null
  readonly devices: readonly Device[]
  readonly data: Readonly<Record<string, unknown>>
}

/** Everything that routing a message to one person needs to know. */
export interface Recipient {
  readonly user: UserRecord
  readonly preferences: Preferences
  readonly hasDevices: boolean
}

export type UserChanges = Partial<Omit<UserRecord, 'id'>>

/** Throws `InvalidPayload` unless `id` may be the id of a user, group or role. */
export function assertUserId(id: string): void {
  if (isSafeId(id)) return
  throw new InvalidPayload(
    `${JSON.stringify(id)} is not a valid id: 1 to 128 letters, digits or _ - = @ . : | ~`,
  )
}

/** What is known of somebody of whom nothing is known. */
export function emptyProfile(id: string): UserRecord {
  return {
    id,
    email: null,
    phone: null,
    locale: null,
    timezone: null,
    roles: [],
    groups: [],
    organization_id: null,
    slack_webhook_url: null,
    discord_webhook_url: null,
    webhook_url: null,
    devices: [],
    data: {},
  }
}

/** A stored profile; fields that are missing are empty. */
export function parseProfile(id: string, text: string): UserRecord {
  return { ...emptyProfile(id), ...(JSON.parse(text) as Partial<UserRecord>) }
}

/** `android:<token>`; a bare token, as an ops script may add it, is taken as Android's. */
export function parseDevice(member: string): Device {
  const match = /^(android|ios|web):(.*)$/s.exec(member)
  if (!match) return { platform: 'android', token: member }
  return { platform: match[1] as Device['platform'], token: match[2] as string }
}
