/** Topic names and filters of MQTT 3.1.1 §4.7: what is legal, and what matches what. */

const MAX_BYTES = 65_535
/** The trees behind the broker's subscriptions hold no more levels than this. */
const MAX_LEVELS = 100
const SHARED = /^\$share\/([^/+#]+)\/(.+)$/s

/** Why nothing may be published on `topic`; `null` when it is legal [MQTT-3.3.2-2]. */
export function topicFault(topic: string): string | null {
  if (topic === '') return 'the topic is empty'
  if (/[+#]/.test(topic)) return 'a topic to publish on holds no wildcard'
  return lengthFault(topic)
}

/** Why `filter` may not be subscribed; `null` when it is legal [MQTT-4.7.1-2], [MQTT-4.7.1-3]. */
export function filterFault(filter: string): string | null {
  if (filter === '') return 'the filter is empty'
  const levels = filter.split('/')
  if (levels.some((level) => level !== '+' && level.includes('+'))) return '+ must fill its level'
  if (levels.slice(0, -1).some((level) => level.includes('#')) || /[^/]#$/.test(filter)) {
    return '# must fill the last level'
  }
  return lengthFault(filter)
}

function lengthFault(text: string): string | null {
  if (text.includes('\0')) return 'a topic holds no NUL character'
  if (!text.isWellFormed()) return 'a topic is valid Unicode'
  if (text.length * 3 > MAX_BYTES && Buffer.byteLength(text) > MAX_BYTES) {
    return `a topic has at most ${MAX_BYTES} bytes`
  }
  return text.split('/', MAX_LEVELS + 1).length > MAX_LEVELS
    ? `a topic has at most ${MAX_LEVELS} levels`
    : null
}

/** The parts of `$share/<group>/<filter>`; `null` for any other filter. */
export function parseShared(filter: string): { group: string; filter: string } | null {
  const match = SHARED.exec(filter)
  return match ? { group: match[1]!, filter: match[2]! } : null
}

/** Whether messages on `topic` reach a subscription to `filter`. */
export function matchesFilter(filter: string, topic: string): boolean {
  const wanted = filter.split('/')
  const levels = topic.split('/')
  // [MQTT-4.7.2-1]: a leading wildcard does not reach the broker's own topics.
  if (topic.startsWith('$') && /^[+#]/.test(filter)) return false
  return coversLevels(wanted, levels)
}

/** Whether everything that reaches a subscription to `filter` would also reach one to `pattern`. */
export function coversFilter(pattern: string, filter: string): boolean {
  if (filter.startsWith('$') && /^[+#]/.test(pattern)) return false
  return coversLevels(pattern.split('/'), filter.split('/'))
}

function coversLevels(wanted: readonly string[], levels: readonly string[]): boolean {
  for (const [index, want] of wanted.entries()) {
    if (want === '#') return true
    const level = levels[index]
    if (level === undefined || level === '#') return false
    if (want !== '+' && want !== level) return false
  }
  return wanted.length === levels.length
}
