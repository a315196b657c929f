import { z } from 'zod'
import { type ReportedAlert, reportOf, severityOf } from './reported-alert.ts'

const texts = z
  .record(z.string(), z.coerce.string())
  .nullish()
  .transform((given) => given ?? {})
const word = z.string().nullish()

const Alert = z
  .object({
    status: z.enum(['firing', 'resolved']),
    labels: texts,
    annotations: texts,
    startsAt: word,
    endsAt: word,
    generatorURL: word,
    fingerprint: z.string().max(200).nullish(),
    // Grafana's own.
    valueString: word,
    dashboardURL: word,
    panelURL: word,
    silenceURL: word,
  })
  .loose()

/** Alertmanager's webhook, version 4 (Prometheus, "Alertmanager configuration"); Grafana sends the same. */
export const AlertmanagerBody = z
  .object({
    version: z.union([z.string(), z.number()]).nullish(),
    groupKey: word,
    receiver: word,
    externalURL: word,
    commonAnnotations: texts,
    alerts: z.array(Alert).max(10_000),
  })
  .loose()

/** What Grafana sent before version 9: one rule, one state. */
export const OldGrafanaBody = z
  .object({
    ruleName: z.string(),
    ruleId: z.union([z.number(), z.string()]).nullish(),
    state: z.string(),
    title: word,
    message: word,
    ruleUrl: word,
    tags: texts,
  })
  .loose()

type Payload = z.output<typeof AlertmanagerBody>

/** Every alert of a call; what its tool knows it by is its fingerprint, else its labels. */
export function alertmanagerAlerts(payload: Payload): ReportedAlert[] {
  return payload.alerts.map((alert) => {
    const { labels, annotations, status, fingerprint } = alert
    const name = labels.alertname ?? 'alert'
    const words = { ...payload.commonAnnotations, ...annotations }
    const report = reportOf({
      type: name,
      severity: severityOf(labels.severity ?? labels.priority),
      message: words.summary || words.description || words.message || name,
      source: labels.instance ?? labels.host ?? labels.job ?? labels.service ?? null,
      labels,
      data: definedOf({
        annotations,
        ...{ starts_at: alert.startsAt, ends_at: alert.endsAt, generator_url: alert.generatorURL },
        ...{ value: alert.valueString, dashboard_url: alert.dashboardURL },
        ...{ panel_url: alert.panelURL, silence_url: alert.silenceURL },
        ...{ receiver: payload.receiver, external_url: payload.externalURL },
        group_key: payload.groupKey,
      }),
      dedupKey: fingerprint ?? labelsKey(labels),
    })
    return { state: status, report }
  })
}

/** The one alert of an old Grafana; without data it is as urgent as when it fires. */
export function oldGrafanaAlert(payload: z.output<typeof OldGrafanaBody>): ReportedAlert {
  const { ruleName, ruleId, state, title, message, ruleUrl, tags } = payload
  const report = reportOf({
    type: ruleName,
    severity: severityOf(tags.severity),
    message: message || title || ruleName,
    source: tags.instance ?? tags.host ?? null,
    labels: tags,
    data: definedOf({ rule_url: ruleUrl, state }),
    dedupKey: `grafana:${ruleId ?? ruleName}`,
  })
  return { state: state === 'ok' || state === 'paused' ? 'resolved' : 'firing', report }
}

function labelsKey(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function definedOf(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null))
}
