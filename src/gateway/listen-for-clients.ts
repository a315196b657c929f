import { userChannel } from '../broadcasting/channel-name.ts'
import type { Bus } from '../store/bus.ts'
import type { Logger } from '../support/logger.ts'
import { CLOSE } from './close-codes.ts'
import { address } from './hub.ts'
import { Outbound } from './outbound.ts'
import type { Presence } from './presence/presence.ts'
import { decodeMessages, type RealtimeMessage, SHARDS, shardChannel } from './realtime-bus.ts'
import type { Session, SessionHub } from './session.ts'
import type { Sockets } from './sockets.ts'
import type { SubscriptionCounts } from './subscription-counts.ts'
import type { TransportOwner } from './transport.ts'

interface Parts {
  readonly hub: SessionHub
  readonly sockets: Sockets
  readonly presence: Presence
  readonly counts: SubscriptionCounts
  readonly bus: Bus
  readonly log: Logger
}

/** Tells this process's clients what the bus brings. Returns the way to stop. */
export async function listenForClients(parts: Parts): Promise<() => Promise<void>> {
  const { bus, log } = parts
  const shards = Array.from({ length: SHARDS }, (_, shard) => shardChannel(shard))
  const stops = await Promise.all(
    shards.map((channel) =>
      bus.subscribe(channel, (transmission) => {
        try {
          for (const message of decodeMessages(transmission)) pass(parts, message)
        } catch (error) {
          log.warn({ err: error, channel }, 'somebody else writes to a channel of the gateway')
        }
      }),
    ),
  )
  return async () => {
    await Promise.all(stops.map((stop) => stop()))
  }
}

function pass({ hub, sockets, presence, counts }: Parts, message: RealtimeMessage): void {
  switch (message.kind) {
    case 'event':
      hub.broadcast(address(message.scope, message.channel), new Outbound(message), message.except)
      break
    case 'user':
      hub.deliver(address(message.scope, message.user), new Outbound(message))
      break
    case 'member':
      presence.onMember(message, { ...message, info: message.joined ? message.data : null })
      break
    case 'count':
      counts.onCount(message, message)
      break
    case 'terminate':
      end(hub, message)
      break
    case 'dismiss':
      for (const owner of ownersOf(sockets, message.client)) owner.onDismissed()
      break
    case 'session':
      for (const client of hub.clientsOf(address(message.scope, message.user))) {
        if (client.id === message.session) giveUp(client, message.connection)
      }
  }
}

/** Rare enough to look at every connection. */
function ownersOf(sockets: Sockets, client: string): TransportOwner[] {
  const owners = [...sockets.all()].map(({ owner }) => owner).filter((owner) => owner !== null)
  return owners.filter((owner) => owner.describe()?.id === client)
}

/** Clients without a session are on their user's channel; feeds serve others than him, too. */
function end(hub: SessionHub, { scope, user }: { scope: string; user: string }): void {
  const message = new Outbound({ kind: 'end', data: '' })
  for (const client of hub.clientsOf(address(scope, user))) {
    if (client.protocol.isResumable) client.receive(message)
  }
  hub.broadcast(address(scope, userChannel(user)), message)
}

/** `connection` is the socket that holds the session; `null`: the session has ended. */
function giveUp({ transport }: Session, connection: string | null): void {
  if (connection === null) transport.close(CLOSE.ended, 'ended')
  else if (transport.id !== connection) transport.close(CLOSE.takenOver, 'opened elsewhere')
}
