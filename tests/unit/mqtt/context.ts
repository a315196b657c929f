import type { Context } from '../../../src/context.ts'
import type { IncomingMessage } from '../../../src/mqtt/message.ts'
import { createLogger } from '../../../src/support/logger.ts'

export const silent = createLogger('silent')

/** A context as the dispatcher makes it, with some fields of the test's own. */
export function contextOf(own: Partial<Context> = {}): Context {
  return {
    id: '0197e0f0-0000-7000-8000-000000000000',
    door: 'mqtt',
    target: 'a/b',
    route: 'a/b',
    params: {},
    payload: {},
    query: {},
    meta: {},
    peer: '',
    principal: null,
    receivedAt: 0,
    retained: false,
    packet: null,
    log: silent,
    ...own,
  }
}

/** A QoS 1 message of a publisher nobody knows. */
export function incoming(
  topic: string,
  payload: string | Buffer,
  own: Partial<IncomingMessage> = {},
): IncomingMessage {
  return {
    topic,
    payload: Buffer.from(payload as string),
    qos: 1,
    retained: false,
    meta: {},
    responseTopic: null,
    correlationData: null,
    peer: '',
    principal: null,
    packet: null,
    only: null,
    ...own,
  }
}
