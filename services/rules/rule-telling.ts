import type { Context } from '../../src/index.ts'
import { messageOf } from '../notifications/notification-record.ts'
import type { CompiledText, TemplateEngine } from '../templates/template-engine.ts'
import { valueAt } from './condition.ts'
import type { Rule } from './rule.ts'
import type { Telling } from './rule-job.ts'

/** Puts what a message says into the words of a rule: `{{ room }}`, `{{ value }}`, `{{ payload.unit }}`. */
export class RuleTellings {
  readonly #engine: TemplateEngine

  constructor(engine: TemplateEngine) {
    this.#engine = engine
  }

  /** `key` names what the rule watches: one alert each. */
  of(rule: Rule, context: Context, key: string): Telling {
    const { alert, notify, event } = rule.outcome
    const value = valueAt(context, rule.value)
    const { params, payload, target: topic } = context
    const words = { ...params, params, topic, value, payload, rule: rule.name }
    const render = (text: CompiledText) => this.#engine.render(text, words, { lenient: true })
    const source = Object.values(params).join('/') || topic
    return {
      alert: alert && {
        ...{ type: alert.type, severity: alert.severity, affectedSystems: [] },
        message: render(alert.message) || alert.type,
        source: (alert.heading === null ? source : render(alert.heading) || source).slice(0, 200),
        labels: { ...labelsOf(params), ...alert.labels },
        data: { topic, value, rule: rule.name },
        dedupKey: key,
      },
      notify: notify && {
        to: notify.to,
        message: messageOf({
          title: notify.heading === null ? rule.name : render(notify.heading),
          message: render(notify.message) || rule.name,
          type: notify.type,
          priority: notify.priority,
          data: { topic, value, rule: rule.name },
        }),
      },
      event: event ? { name: event.name, payload: { topic, params, value, payload } } : null,
    }
  }
}

function labelsOf(params: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, value]))
}
