import type { Outgoing } from './sender.ts'

export interface Plan {
  readonly users: readonly string[]
  readonly messages: readonly Outgoing[]
  /** Numbers of those that become notifications, and of those that are bare mails. */
  readonly notifications: readonly number[]
  readonly mails: readonly number[]
}

/** Few enough that no inbox overflows at 100 records. */
const PER_USER = 50

/**
 * Messages in turn: a notification at QoS 1, one at QoS 2, a mail at QoS 1, one
 * at QoS 2. Each leads to one mail with the subject `mail <n>`.
 */
export function planMessages(total: number, { keys = true } = {}): Plan {
  const users = Array.from({ length: Math.ceil(total / 2 / PER_USER) + 1 }, (_, n) => `user-${n}`)
  const all = Array.from({ length: total }, (_, n) => n)
  const isNotification = (n: number) => n % 4 < 2
  const messages = all.map((n): Outgoing => {
    const qos = n % 2 === 0 ? 1 : 2
    const key = keys ? { idempotency_key: `key-${n}` } : {}
    if (isNotification(n)) {
      const topic = `notifications/realtime/user/${users[n % users.length]}`
      const title = `mail ${n}`
      return {
        topic,
        qos,
        payload: { title, message: `m${n}`, priority: 'high', data: { n }, ...key },
      }
    }
    const mail = { to: `reader-${n}@example.com`, subject: `mail ${n}`, body: 'Words', data: { n } }
    return { topic: 'notifications/email/send', qos, payload: { ...mail, ...key } }
  })
  return {
    users,
    messages,
    notifications: all.filter(isNotification),
    mails: all.filter((n) => !isNotification(n)),
  }
}
