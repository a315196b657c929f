import { createHash } from 'node:crypto'
import type { Priority } from '../../src/index.ts'
import type { DeliveryJob } from '../deliveries/delivery-job.ts'
import type { Device } from '../directory/user-record.ts'
import type { Action } from '../notifications/notification-record.ts'
import { shortenBytes } from './http/post-message.ts'

/** What the job of a push notification holds. */
export interface PushContent {
  readonly title: string
  readonly body: string
  readonly data: Readonly<Record<string, unknown>>
  readonly actions?: readonly Action[]
  readonly collapse_key?: string | null
  /** To devices of this platform alone. */
  readonly platform?: Device['platform']
  /** Bare tokens; without them it goes to the user's devices. */
  readonly tokens?: readonly string[]
  /** Devices that are still to be served, once others were. */
  readonly pending?: readonly Device[]
  /** How many devices took it at earlier tries. */
  readonly reached?: number
}

/** A push notification as every carrier shows it; each file only puts it into its own words. */
export interface PushNote {
  /** The delivery's. */
  readonly id: string
  readonly title: string
  readonly body: string
  /** Texts only, as all carriers take them. */
  readonly data: Readonly<Record<string, string>>
  readonly actions: readonly Action[]
  /** What shares it shows as one, the newest; a note that is sent again has the same. */
  readonly collapseId: string
  /** The number on the app's icon; `null`: left as it is. */
  readonly badge: number | null
  readonly priority: Priority
  /** Epoch ms after which nobody needs it any more; `null`: never. */
  readonly expiresAt: number | null
}

/** What all carriers take is 4 096 bytes; the rest is for what they put around. */
const MOST_DATA_BYTES = 2400
const MOST_TITLE_BYTES = 200
const MOST_BODY_BYTES = 800

/**
 * What a delivery has to say. Carriers refuse what is too large: a long body is
 * cut, and data and actions that do not fit are left out for the app to fetch by the id.
 */
export function pushNoteOf(job: DeliveryJob<PushContent>, badge: number | null): PushNote {
  const { id, notification_id, collapse_key, priority, expires_at } = job
  return {
    id,
    title: shortenBytes(job.title, MOST_TITLE_BYTES),
    body: shortenBytes(job.body, MOST_BODY_BYTES),
    ...fitting(job),
    collapseId: collapse_key ?? notification_id ?? id,
    badge,
    priority,
    expiresAt: expires_at === null ? null : expires_at * 1000,
  }
}

/** The collapse id as Apple takes it, 64 bytes at most: the key itself, or what follows from it alone. */
export function appleCollapseId({ collapseId }: PushNote): string {
  if (/^[\x20-\x7e]{1,64}$/.test(collapseId)) return collapseId
  return createHash('sha256').update(collapseId).digest('base64url')
}

function fitting({
  data,
  actions = [],
  notification_id,
}: DeliveryJob<PushContent>): Pick<PushNote, 'data' | 'actions'> {
  const own: Record<string, string> = notification_id === null ? {} : { notification_id }
  const shown = actions.length === 0 ? {} : { actions: JSON.stringify(actions) }
  const all = { ...texts(data), ...own, ...shown }
  if (Buffer.byteLength(JSON.stringify(all)) <= MOST_DATA_BYTES) return { data: all, actions }
  return { data: { ...own, truncated: 'true' }, actions: [] }
}

function texts(data: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]) => {
      if (value === undefined || value === null) return []
      return [[name, typeof value === 'string' ? value : JSON.stringify(value)]]
    }),
  )
}
