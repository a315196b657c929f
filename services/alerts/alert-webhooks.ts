import { isoTime, type Keys, type Op } from '../../src/index.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import type { AlertEvent, StoredAlert } from './alert-record.ts'

interface Parts {
  readonly keys: Keys
  /** `ALERT_WEBHOOKS`. */
  readonly receivers: readonly string[]
  /** What our addresses begin with from outside. */
  readonly publicUrl: () => string
}

const NEVER = '0001-01-01T00:00:00Z'

/**
 * Tells other systems of every change of an alert, in the words of Alertmanager's
 * webhook version 4, so that whatever understands that understands us. A post is
 * part of the write that changes the alert: it is tried until it arrives.
 */
export class AlertWebhooks {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** One delivery for each receiver; `change` names it, so that doing it again sends nothing twice. */
  ops(alert: StoredAlert, event: AlertEvent, now: number): Op[] {
    const { keys, receivers } = this.#parts
    return receivers.map((url, index) => {
      const payload = this.#payload(alert, event, { receiver: new URL(url).host, now })
      const job = makeJob({
        id: `${alert.id}.${event}.${alert.revision}.${index}`,
        channel: 'webhook',
        priority: alert.severity === 'critical' ? 'high' : 'normal',
        content: { url, payload, is_trusted: true, title: alert.type, message: alert.message },
        now,
      })
      return enqueueOp(keys, job, now)
    })
  }

  #payload(alert: StoredAlert, event: AlertEvent, sent: { receiver: string; now: number }) {
    const externalURL = this.#parts.publicUrl()
    const status = alert.status === 'resolved' ? 'resolved' : 'firing'
    const group = { alertname: alert.type }
    const labels = labelsOf(alert)
    const annotations = { summary: alert.message }
    return {
      version: '4',
      groupKey: `{}:{alertname=${JSON.stringify(alert.type)}}`,
      truncatedAlerts: 0,
      status,
      receiver: sent.receiver,
      groupLabels: group,
      commonLabels: labels,
      commonAnnotations: annotations,
      externalURL,
      alerts: [
        {
          status,
          labels,
          annotations,
          startsAt: alert.created_at,
          endsAt: alert.resolved_at ?? NEVER,
          generatorURL: `${externalURL}/api/alerts/${alert.id}`,
          fingerprint: alert.id,
        },
      ],
      // Ours: what happened, and the record as `/api/alerts/{id}` shows it.
      event: `alert.${event}`,
      sentAt: isoTime(sent.now),
      alert,
    }
  }
}

function labelsOf({ type, severity, source, labels }: StoredAlert): Record<string, string> {
  return { ...labels, alertname: type, severity, ...(source === null ? {} : { source }) }
}
