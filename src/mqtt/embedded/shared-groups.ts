import type { Message, MQEmitter } from 'mqemitter'
import { parseShared } from './topic-filter.ts'

type Deliver = (packet: Message, done: () => void) => void

interface Group {
  readonly members: Deliver[]
  next: number
  readonly pump: Deliver
}

/**
 * Teaches an emitter `$share/<group>/<filter>`: its listeners become members of
 * one group, and each message on `<filter>` goes to one of them, in turn. When
 * a member leaves, the rest get everything. Retained messages are not sent to
 * shared subscriptions, as MQTT 5 §4.8.2 has it: none matches the whole name.
 */
export function shareSubscriptions(emitter: MQEmitter): MQEmitter {
  const groups = new Map<string, Group>()
  const on = emitter.on.bind(emitter)
  const removeListener = emitter.removeListener.bind(emitter)

  emitter.on = (topic, listener, done) => {
    const shared = parseShared(topic)
    if (!shared) return on(topic, listener, done)
    const group = groups.get(topic)
    if (group) {
      group.members.push(listener)
      if (done) setImmediate(done)
      return emitter
    }
    const created = createGroup(shared.filter, listener)
    groups.set(topic, created)
    return on(shared.filter, created.pump, done)
  }

  emitter.removeListener = (topic, listener, done) => {
    const shared = parseShared(topic)
    const group = groups.get(topic)
    if (!shared || !group) return removeListener(topic, listener, done)
    const index = group.members.indexOf(listener)
    if (index !== -1) group.members.splice(index, 1)
    if (group.members.length === 0) {
      groups.delete(topic)
      return removeListener(shared.filter, group.pump, done)
    }
    if (done) setImmediate(done)
    return emitter
  }
  return emitter
}

function createGroup(filter: string, first: Deliver): Group {
  // [MQTT-4.7.2-1]: aedes sees the `$share` in front and would let these through.
  const skipsOwnTopics = /^[+#]/.test(filter)
  const group: Group = {
    members: [first],
    next: 0,
    pump(packet, done) {
      if (group.members.length === 0) return done()
      if (skipsOwnTopics && packet.topic.startsWith('$')) return done()
      group.next = (group.next + 1) % group.members.length
      group.members[group.next]!(packet, done)
    },
  }
  return group
}
