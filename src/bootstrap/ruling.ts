import { Documents } from '../../services/alerts/documents.ts'
import { Heartbeats } from '../../services/heartbeats/heartbeats.ts'
import type { MonitorDocument } from '../../services/heartbeats/monitor.ts'
import { RuleEngine } from '../../services/rules/rule-engine.ts'
import { RuleTellings } from '../../services/rules/rule-telling.ts'
import { RuleWorkHandler, type RuleWorkParts } from '../../services/rules/rule-work.ts'
import { TemplateEngine } from '../../services/templates/template-engine.ts'

/** What devices that know nothing of us are watched with: rules, and monitors of their silence. */
export function createRuling(ingredients: RuleWorkParts) {
  const { store, keys } = ingredients
  const all = keys.heartbeats()
  return {
    engine: new RuleEngine({ ...ingredients, tellings: new RuleTellings(new TemplateEngine()) }),
    heartbeats: new Heartbeats(ingredients),
    monitors: new Documents<MonitorDocument>({
      store,
      keys: { all, version: keys.version(all), one: keys.heartbeat },
      noun: 'heartbeat monitor',
    }),
    ruleWork: new RuleWorkHandler(ingredients),
  }
}
