import type { z } from 'zod'
import type { Directory } from '../services/directory/directory.ts'
import type { PreferenceDefaults } from '../services/directory/preference-defaults.ts'
import {
  effective,
  type Preferences,
  type SaidPreferences,
  shownPreferences,
} from '../services/directory/preferences.ts'
import { isTimeZone, type QuietHours, quietUntil } from '../services/directory/quiet-hours.ts'
import { type Clock, type Context, isoTime } from '../src/index.ts'
import type {
  DefaultsBody,
  MuteBody,
  PreferencesBody,
  QuietHoursBody,
  UnmuteBody,
} from './preference-fields.ts'
import { assertSelfOrAdmin } from './user-controller.ts'

type UserParam = { readonly id: string }

interface Parts {
  readonly directory: Directory
  readonly defaults: PreferenceDefaults
  readonly clock: Clock
  /** Of people who did not say theirs. */
  readonly timezone: string
}

/** `/api/users/{id}/preferences` and `…/quiet-hours`: what somebody wants, and when. */
export class PreferenceController {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  find = async (context: Context<UserParam>) => {
    assertSelfOrAdmin(context)
    return this.#parts.directory.preferences(context.params.id)
  }

  defaults = async () => shownPreferences(effective({}, await this.#parts.defaults.get()))

  saveDefaults = async ({ payload }: Context<unknown, z.output<typeof DefaultsBody>>) => {
    await this.#parts.defaults.save(payload as SaidPreferences)
    return this.defaults()
  }

  save = async (context: Context<UserParam, z.output<typeof PreferencesBody>>) => {
    assertSelfOrAdmin(context)
    const changes = context.payload as Partial<Preferences>
    return this.#parts.directory.savePreferences(context.params.id, changes)
  }

  mute = async (context: Context<UserParam, z.output<typeof MuteBody>>) => {
    const { thread, until, for: forMs } = context.payload
    const at = until ?? (forMs == null ? null : context.receivedAt + forMs)
    return this.#setMute(context, { [thread]: at === null ? null : isoTime(at) })
  }

  unmute = async (context: Context<UserParam, z.output<typeof UnmuteBody>>) =>
    this.#setMute(context, { [context.payload.thread]: isoTime(0) })

  async #setMute(context: Context<UserParam, unknown>, mutes: Preferences['mutes']) {
    assertSelfOrAdmin(context as Context<UserParam>)
    const saved = await this.#parts.directory.savePreferences(context.params.id, { mutes })
    return { mutes: saved.mutes }
  }

  quietHours = async (context: Context<UserParam>) => {
    assertSelfOrAdmin(context)
    const { preferences, user } = await this.#parts.directory.recipient(context.params.id)
    return this.#shown(preferences.quiet_hours ?? NEVER, user.timezone)
  }

  saveQuietHours = async (context: Context<UserParam, z.output<typeof QuietHoursBody>>) => {
    assertSelfOrAdmin(context)
    const { id } = context.params
    await this.#parts.directory.savePreferences(id, { quiet_hours: context.payload })
    const { user } = await this.#parts.directory.recipient(id)
    return this.#shown(context.payload, user.timezone)
  }

  /** With the time zone that counts, and until when it is quiet now. */
  #shown({ quiet, ...hours }: QuietHours, userTimezone: string | null) {
    const { timezone, clock } = this.#parts
    const named = [hours.timezone, userTimezone, timezone]
    const zone = named.find((name) => name !== null && isTimeZone(name)) ?? 'UTC'
    const until = quietUntil({ ...hours, quiet }, zone, clock.now())
    return {
      ...hours,
      ...(quiet ?? { start: null, end: null, days: [] }),
      effective_timezone: zone,
      quiet_until: until === null ? null : isoTime(until),
    }
  }
}

const NEVER: QuietHours = {
  is_enabled: false,
  timezone: null,
  mode: 'hold',
  quiet: null,
  weekly: null,
}
