import type { BroadcastQueue, Logger } from '../../src/index.ts'

type Tell = (channel: string, event: string, data: object) => void

interface Parts {
  /** By our own gateway. */
  readonly broadcast: Tell
  readonly connection: string
  readonly stored: BroadcastQueue
  readonly log: Logger
}

/** Tells clients of our own gateway at once, and those of a service elsewhere through the queue. */
export function announcer({ broadcast, connection, stored, log }: Parts): Tell {
  if (connection === 'gateway' || connection === 'null') return broadcast
  return (channel, event, data) => {
    broadcast(channel, event, data)
    const message = { channels: [channel], event, data: JSON.stringify(data), except: null }
    stored.push([{ connection, queue: 'broadcasts', message }]).catch((error: unknown) => {
      log.warn({ err: error, channel, event }, 'an announcement was not kept for broadcasting')
    })
  }
}
