import { asBelfryError } from '../../../support/errors.ts'
import type { Logger } from '../../../support/logger.ts'
import type { Rooms } from '../../application.ts'
import type { Frame } from '../../frame.ts'
import type { Encoder, Outbound } from '../../outbound.ts'
import { type Places, type Position, placesText } from '../../position.ts'
import type { Member } from '../../presence/member-records.ts'
import type { Protocol, Welcome } from '../../protocol.ts'
import type { Session } from '../../session.ts'
import type { Commands } from '../commands.ts'
import { ackFrame, type ClientEvent, eventFrame, parsePacket } from './packet.ts'
import { ANSWERS, commandOf } from './socketio-commands.ts'
import { presentFrame, socketIoFrame } from './socketio-events.ts'
import type { Whispers } from './whispers.ts'

/** What all Socket.IO clients of a process have in common. */
export interface SocketIoHome {
  readonly commands: Commands
  readonly whispers: Whispers
  readonly log: Logger
}

/** Clients that are on no channel with a history are told the same. */
const SHARED: Encoder = {
  encode(message) {
    return socketIoFrame(message, message.seq === 0 ? null : String(message.seq))
  },
}

/**
 * The events of `/socket.io/` for one client: seed 004's names, and those that
 * laravel-echo uses for channels. The channels that it joins are kept with its
 * session: it is on them again when it comes back.
 */
export class SocketIoProtocol implements Protocol<Session> {
  readonly name = 'socketio'
  readonly beat = null
  readonly isResumable = true
  readonly #home: SocketIoHome
  /** Channels that it chose, with its place there when it joined. */
  readonly #rooms: Map<string, Position | null>
  /** Where it stands on those with a history. */
  readonly #places: Map<string, Position>
  #seq = 0

  constructor(home: SocketIoHome, { rooms, places }: { rooms: Rooms; places: Places }) {
    this.#home = home
    this.#rooms = new Map(Object.entries(rooms))
    this.#places = new Map(places)
  }

  welcome({ session_id, resumed, unread_count, pending }: Welcome): Frame {
    return eventFrame('connected', JSON.stringify({ session_id, resumed, unread_count, pending }))
  }

  present(channel: string, members: readonly Member[]): Frame {
    return presentFrame(channel, members)
  }

  encode(message: Outbound): Frame | null {
    const { content, seq } = message
    const hasPlace = content.kind === 'event' && content.epoch !== null
    if (hasPlace) this.#places.set(content.channel, { epoch: content.epoch, offset: content.seq })
    if (seq > 0) this.#seq = seq
    if (this.#places.size === 0 || (seq === 0 && !hasPlace)) return message.frame(SHARED)
    return socketIoFrame(message, `${this.#seq}${placesText(this.#places)}`)
  }

  refusal(error: unknown): Frame {
    return eventFrame('error', JSON.stringify(asBelfryError(error).toBody()))
  }

  async receive(session: Session, text: string): Promise<void> {
    let said: ClientEvent | null = null
    try {
      said = parsePacket(text)
      if (said !== null) await this.#follow(session, said)
    } catch (error) {
      const known = asBelfryError(error)
      if (known.code === 'internal') this.#home.log.error({ err: error }, 'an event failed')
      const ackId = said?.ackId ?? null
      const answer = { ok: false, error: known.toBody() }
      session.send(ackId === null ? this.refusal(known) : ackFrame(ackId, answer))
    }
  }

  /** A callback is called with `{ok: true, …}`. */
  async #follow(session: Session, { event, args, ackId }: ClientEvent): Promise<void> {
    const { commands, whispers } = this.#home
    if (event === 'client event') {
      whispers.pass(session, args[0])
      if (ackId !== null) session.send(ackFrame(ackId, { ok: true }))
      return
    }
    const frame = commandOf(event, args)
    const answer = (await commands.run(session, frame)) ?? {}
    if (frame.type === 'subscribe') await this.#joined(session, frame.channel)
    if (frame.type === 'unsubscribe') await this.#left(session, frame.channel)
    if (ackId !== null) {
      session.send(ackFrame(ackId, { ok: true, ...answer }))
      return
    }
    const name = ANSWERS[frame.type]
    if (name !== undefined) session.send(eventFrame(name, JSON.stringify(answer)))
  }

  /** Whoever is told that he is on a channel is on it again when he comes back. */
  async #joined(session: Session, channel: string): Promise<void> {
    if (this.#rooms.has(channel)) return
    const place = session.placeOn(channel)
    this.#rooms.set(channel, place)
    if (place !== null) this.#places.set(channel, place)
    await this.#keep(session)
  }

  async #left(session: Session, channel: string): Promise<void> {
    this.#places.delete(channel)
    if (this.#rooms.delete(channel)) await this.#keep(session)
  }

  async #keep({ application, user, id }: Session): Promise<void> {
    await application.sessions.keepRooms(user, id, Object.fromEntries(this.#rooms))
  }
}
