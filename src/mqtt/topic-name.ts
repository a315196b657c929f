import { MAX_TOPIC_BYTES } from './topic.ts'

/** More levels than this make Mosquitto cut the connection of a publisher. */
const MAX_LEVELS = 200

/**
 * Why nobody may publish to this topic, or `null` when it is fine. A broker
 * answers an illegal topic name by closing the connection, and the client would
 * then send it again for ever [MQTT-3.3.2-2], [MQTT-4.7.3].
 */
export function whyNotPublishable(topic: string): string | null {
  if (topic === '') return 'is empty'
  if (/[+#]/.test(topic)) return 'has a wildcard'
  if (topic.includes('\0')) return 'has a NUL character'
  if (!topic.isWellFormed()) return 'is not valid Unicode'
  if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) return `is longer than ${MAX_TOPIC_BYTES} bytes`
  if (topic.split('/', MAX_LEVELS + 1).length > MAX_LEVELS) return `has over ${MAX_LEVELS} levels`
  return topic.startsWith('$') ? 'begins with $' : null
}

/** `MQTT_TOPIC_PREFIX` as it stands before topics: empty, or ending with a slash. */
export function topicPrefix(prefix: string): string {
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`
}

/** The topic without the prefix; `null` when it does not begin with it. */
export function withoutPrefix(topic: string, prefix: string): string | null {
  return topic.startsWith(prefix) ? topic.slice(prefix.length) : null
}

/** A topic, or the beginning of some, as a tenant has it: `t/acme/users/42/inbox`; the default one has no prefix. */
export function tenantTopic(tenant: string, topic: string): string {
  return tenant === '' ? topic : `t/${tenant}/${topic}`
}

/** Whether some topic matches both filters. */
export function filtersOverlap(one: string, other: string): boolean {
  const left = one.split('/')
  const right = other.split('/')
  for (let index = 0; ; index++) {
    const a = left[index]
    const b = right[index]
    // `a/#` also matches `a` [MQTT-4.7.1-2].
    if (a === '#' || b === '#') return true
    if (a === undefined || b === undefined) return a === b
    if (a !== b && a !== '+' && b !== '+') return false
  }
}
