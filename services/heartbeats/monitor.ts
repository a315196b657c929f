import { z } from 'zod'
import { duration, isSafeId, Topic } from '../../src/index.ts'
import type { AlertReport } from '../alerts/alert-record.ts'
import { Condition } from '../rules/condition.ts'
import { topicPattern } from '../rules/topic-pattern.ts'

const id = z.string().refine(isSafeId, 'must be 1 to 128 letters, digits or _ - = @ . : | ~')

const LastWill = z.strictObject({
  topic: topicPattern(),
  /** Which of its messages say that the device is gone; others are signs of life. */
  match: z.array(z.string()).min(1).max(20).default(['payload = offline']),
})

/** A monitor as `/api/heartbeats` and `rules.yml` write it. */
export const MonitorFields = z.strictObject({
  /** Each value of its parameters is a thing of its own that must be heard of. */
  topic: topicPattern(),
  /** How long silence may last: seconds, or text such as `5m`. Milliseconds inside. */
  timeout: duration().refine((ms) => ms >= 1000, 'must be a second at least'),
  severity: z.enum(['critical', 'warning', 'info']).default('critical'),
  alert_type: id.default('device_silent'),
  message: z.string().min(1).max(1000).optional(),
  last_will: LastWill.optional(),
})

export const MonitorDocument = z
  .preprocess(byOurNames, MonitorFields.extend({ id }))
  .superRefine(({ topic, last_will: will }, check) => {
    if (will === undefined) return
    const [own, of] = [paramsOf(topic), paramsOf(will.topic)]
    if (own.join() !== of.join()) {
      const message = `must name the same parameters in the same order: ${own.join(', ')}`
      check.addIssue({ code: 'custom', path: ['last_will', 'topic'], message })
    }
    for (const [index, text] of will.match.entries()) {
      const result = Condition.safeParse(text)
      if (result.success) continue
      const message = result.error.issues[0]?.message ?? 'is no condition'
      check.addIssue({ code: 'custom', path: ['last_will', 'match', index], message })
    }
  })

/** The same for a new one over HTTP, whose id may be ours to choose. */
export const MonitorBody = z.preprocess(byOurNames, MonitorFields.extend({ id: id.optional() }))

/** `timeout_seconds` is another name for `timeout`, and `pattern` for `topic`. */
function byOurNames(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { timeout_seconds: timeout, pattern: topic, ...rest } = value as Record<string, unknown>
  return {
    ...(timeout === undefined ? {} : { timeout }),
    ...(topic === undefined ? {} : { topic }),
    ...rest,
  }
}

export type MonitorDocument = z.output<typeof MonitorDocument>

/** A monitor that can be asked about messages. */
export interface Monitor extends MonitorDocument {
  readonly beats: Topic
  readonly will: { readonly topic: Topic; readonly conditions: readonly Match[] } | null
}

type Match = z.output<typeof Condition>

export function compileMonitor(document: MonitorDocument): Monitor {
  const { topic, last_will: will } = document
  return {
    ...document,
    beats: new Topic(topic),
    will: will
      ? {
          topic: new Topic(will.topic),
          conditions: will.match.map((text) => Condition.parse(text)),
        }
      : null,
  }
}

/** What is reported of something that fell silent; `values` are those of the topic's parameters. */
export function silenceReport(
  monitor: Monitor,
  key: string,
  values: readonly string[],
): AlertReport {
  const { id, alert_type, severity, timeout, message } = monitor
  const names = paramsOf(monitor.topic)
  const labels = Object.fromEntries(names.map((name, index) => [name, values[index] ?? '']))
  const source = values.join('/') || id
  return {
    ...{ type: alert_type, severity, affectedSystems: [], labels, dedupKey: key },
    message: message
      ? message.replace(PLACE, (_all, name: string) => labels[name] ?? '')
      : `No message from ${source} for ${timeout / 1000} s.`,
    source: source.slice(0, 200),
    data: { monitor: id, topic: monitor.topic },
  }
}

const PLACE = /\{\{?\s*(\w+)\s*\}?\}/g

function paramsOf(pattern: string): string[] {
  return [...pattern.matchAll(/\{([A-Za-z_]\w*)[^}]*\}/g)].map(([, name]) => name!)
}
