import { asBelfryError } from '../../../support/errors.ts'
import type { Logger } from '../../../support/logger.ts'
import type { Frame } from '../../frame.ts'
import type { Outbound } from '../../outbound.ts'
import type { Member } from '../../presence/member-records.ts'
import type { Protocol, Welcome } from '../../protocol.ts'
import type { Session } from '../../session.ts'
import type { Commands } from '../commands.ts'
import { ackFrame, type ClientEvent, eventFrame, parsePacket } from './packet.ts'
import { ANSWERS, commandOf } from './socketio-commands.ts'
import { presentFrame, socketIoFrame } from './socketio-events.ts'
import type { Whispers } from './whispers.ts'

interface Parts {
  readonly commands: Commands
  readonly whispers: Whispers
  readonly log: Logger
}

/** The events of `/socket.io/`: seed 004's names, and those that laravel-echo uses for channels. */
export class SocketIoProtocol implements Protocol<Session> {
  readonly name = 'socketio'
  readonly beat = null
  readonly isResumable = true
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  welcome({ session_id, resumed, unread_count, pending }: Welcome): Frame {
    return eventFrame('connected', JSON.stringify({ session_id, resumed, unread_count, pending }))
  }

  present(channel: string, members: readonly Member[]): Frame {
    return presentFrame(channel, members)
  }

  encode(message: Outbound): Frame | null {
    return socketIoFrame(message)
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
      if (known.code === 'internal') this.#parts.log.error({ err: error }, 'an event failed')
      const ackId = said?.ackId ?? null
      const answer = { ok: false, error: known.toBody() }
      session.send(ackId === null ? this.refusal(known) : ackFrame(ackId, answer))
    }
  }

  /** A callback is called with `{ok: true, …}`. */
  async #follow(session: Session, { event, args, ackId }: ClientEvent): Promise<void> {
    const { commands, whispers } = this.#parts
    if (event === 'client event') {
      whispers.pass(session, args[0])
      if (ackId !== null) session.send(ackFrame(ackId, { ok: true }))
      return
    }
    const frame = commandOf(event, args)
    const answer = (await commands.run(session, frame)) ?? {}
    if (ackId !== null) {
      session.send(ackFrame(ackId, { ok: true, ...answer }))
      return
    }
    const name = ANSWERS[frame.type]
    if (name !== undefined) session.send(eventFrame(name, JSON.stringify(answer)))
  }
}
