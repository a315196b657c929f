import type { Op } from '../store/store.ts'

/** What happens on channels, in the words of Pusher's webhooks. */
export type ChannelEvent =
  | {
      readonly name: 'channel_occupied' | 'channel_vacated' | 'cache_miss'
      readonly channel: string
    }
  | {
      readonly name: 'member_added' | 'member_removed'
      readonly channel: string
      readonly user_id: string
    }
  | {
      readonly name: 'client_event'
      readonly channel: string
      readonly event: string
      /** JSON text. */
      readonly data: string
      readonly socket_id: string
      readonly user_id?: string
    }

/** Tells the application's back end what happens on channels; absent where nobody wants to know. */
export interface ChannelNews {
  /** Operations that tell of it, in a write of this partition. */
  opsOf(event: ChannelEvent, partition: number): readonly Op[]
  /** Such a write has been made. */
  written(): void
  /** Tells of something that no write of ours goes with; what fails is logged. */
  tell(event: ChannelEvent): void
}

/** Stands for all clients of a channel, as if they were one member of it. */
const EVERYBODY = { id: 'clients', info: '{}' }
const OCCUPIED = '#occupied:'

/**
 * Whether a channel has clients is kept as presence is, on a place of its own
 * beside it: so the fleet agrees on who was first and who is last, also when a
 * process dies.
 */
export function occupancyOf<Place extends { readonly channel: string }>(place: Place) {
  return { place: { ...place, channel: OCCUPIED + place.channel }, member: EVERYBODY }
}

/** What a change of who is on a place means. */
export function eventOfChange(channel: string, user: string, joined: boolean): ChannelEvent {
  if (channel.startsWith(OCCUPIED)) {
    const name = joined ? 'channel_occupied' : 'channel_vacated'
    return { name, channel: channel.slice(OCCUPIED.length) }
  }
  return { name: joined ? 'member_added' : 'member_removed', channel, user_id: user }
}
