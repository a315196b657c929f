import { asBelfryError } from '../../support/errors.ts'
import type { Logger } from '../../support/logger.ts'
import { type Frame, TextFrame } from '../frame.ts'
import type { Outbound } from '../outbound.ts'
import type { Member } from '../presence/member-records.ts'
import type { Protocol, Welcome } from '../protocol.ts'
import type { Session } from '../session.ts'
import type { Commands } from './commands.ts'
import { parseFrame, parseJson, type Ref, refOf } from './native-frames.ts'
import { nativeText, presentText } from './native-text.ts'

interface Parts {
  readonly commands: Commands
  readonly log: Logger
}

/** The native JSON protocol of contract §5: one object per message, told apart by `type`. */
export class NativeProtocol implements Protocol<Session> {
  readonly name = 'native'
  readonly beat = json({ type: 'ping' })
  readonly isResumable = true
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  welcome({ session_id, resumed, unread_count, pending }: Welcome): Frame {
    return json({ type: 'connected', session_id, resumed, unread_count, pending })
  }

  present(channel: string, members: readonly Member[]): Frame {
    return new TextFrame(presentText(channel, members))
  }

  encode(message: Outbound): Frame | null {
    const text = nativeText(message)
    return text === null ? null : new TextFrame(text)
  }

  refusal(error: unknown, ref?: Ref): Frame {
    return json({ type: 'error', ...asBelfryError(error).toBody(), ref })
  }

  async receive(session: Session, text: string): Promise<void> {
    let ref: Ref
    try {
      const message = parseJson(text)
      ref = refOf(message)
      const frame = parseFrame(message)
      const answer = await this.#parts.commands.run(session, frame)
      if (answer !== null) session.send(json({ type: 'result', ref, ...answer }))
    } catch (error) {
      const known = asBelfryError(error)
      if (known.code === 'internal') this.#parts.log.error({ err: error }, 'a message failed')
      session.send(this.refusal(known, ref))
    }
  }
}

function json(value: object): Frame {
  return new TextFrame(JSON.stringify(value))
}
