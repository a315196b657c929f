import {
  type BroadcastMessage,
  channelsOfUser,
  type Keys,
  type Op,
  personalEvents,
  readChannelName,
} from '../../src/index.ts'
import type { NotificationRecord } from '../notifications/notification-record.ts'
import { broadcastOps } from './broadcast-job.ts'

/** Pusher's own characters: with any other the whole request would be refused. */
const PUSHER_NAME = /^[A-Za-z0-9_\-=@,.;]{1,164}$/

interface Parts {
  readonly keys: Keys
  readonly connection: string
}

/** What else a notification's write holds. `now` in epoch milliseconds. */
export type PersonalBroadcasts = (record: NotificationRecord, now: number) => readonly Op[]

/**
 * Notifications on their users' private channels by a service elsewhere, in the
 * write that stores them. Our own gateway needs no word: it reads the sessions' queues.
 */
export function personalBroadcasts({ keys, connection }: Parts): PersonalBroadcasts {
  if (connection === 'gateway' || connection === 'null') return () => []
  return (record, now) => {
    if (!record.channels.includes('realtime')) return []
    const queue = record.priority === 'critical' ? 'critical-broadcasts' : 'broadcasts'
    const queued = messagesOf(record).map((message) => ({ connection, queue, message }) as const)
    return broadcastOps(queued, { keys, id: `${record.id}.${record.version}`, now })
  }
}

/** One for each event, with all the channels that it is the same on. */
function messagesOf(record: NotificationRecord): BroadcastMessage[] {
  const channels = channelsOfUser(record.user_id).filter(
    (name) => readChannelName(name).kind === 'private' && PUSHER_NAME.test(name),
  )
  const type = record.version === 1 ? 'notification' : 'notification_updated'
  const text = JSON.stringify(record)
  const told = channels.flatMap((channel) =>
    personalEvents(channel, type, text).map((event) => ({ channel, ...event })),
  )
  return [...Map.groupBy(told, ({ event }) => event)].map(([event, on]) => ({
    channels: on.map(({ channel }) => channel),
    event,
    data: on[0]!.data,
    except: null,
  }))
}
