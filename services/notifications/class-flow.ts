import { z } from 'zod'
import { channelWord, type FlowOptions, InvalidPayload } from '../../src/index.ts'
import { flowOf } from '../flows/flow-fields.ts'
import type { Message } from './notification-record.ts'

const MAIL = 'mail'

/** What a notification class asks for, as messages hold it. Throws `InvalidPayload` for what no message may. */
export function classFlow(options: FlowOptions): Partial<Message> {
  const { tags, collapseKey, thread } = options
  try {
    return {
      ...flowOf(writtenFlow(options)),
      ...(tags === undefined ? {} : { tags }),
      ...(collapseKey === undefined ? {} : { collapseKey }),
      ...(thread === undefined ? {} : { thread }),
    }
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const words = z.prettifyError(error)
    throw new InvalidPayload(`The notification asks for what cannot be: ${words}`, [], {
      cause: error,
    })
  }
}

/** The same in the words of the wire. */
export function writtenFlow({ digest, throttle, fallback, requireAck }: FlowOptions) {
  return {
    digest: digest && wire(digest, { lookBack: 'look_back' }),
    throttle: throttle && wire(throttle, { onLimit: 'on_limit' }),
    fallback: fallback && { ...fallback, channels: fallback.channels.map(named) },
    require_ack: requireAck && wire(requireAck, { cancelOn: 'cancel_on' }),
  }
}

function wire(given: object, names: Readonly<Record<string, string>>) {
  const entries = Object.entries(given).map(([name, value]) => [names[name] ?? name, value])
  return Object.fromEntries(entries) as Record<string, unknown>
}

function named(channel: string): string {
  const word = channelWord(channel)
  return word === MAIL ? 'email' : word
}
