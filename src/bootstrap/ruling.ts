import { Documents } from '../../services/alerts/documents.ts'
import { HandOvers } from '../../services/alerts/hand-overs.ts'
import type { Schedule } from '../../services/alerts/schedule.ts'
import { Heartbeats } from '../../services/heartbeats/heartbeats.ts'
import type { MonitorDocument } from '../../services/heartbeats/monitor.ts'
import { RuleEngine } from '../../services/rules/rule-engine.ts'
import { RuleTellings } from '../../services/rules/rule-telling.ts'
import { RuleWorkHandler, type RuleWorkParts } from '../../services/rules/rule-work.ts'
import { TemplateEngine } from '../../services/templates/template-engine.ts'

interface Ingredients extends RuleWorkParts {
  readonly schedules: Documents<Schedule>
}

/** What is watched: devices that know nothing of us, their silence, and who hands over to whom. */
export function createRuling(ingredients: Ingredients) {
  const { store, keys } = ingredients
  const all = keys.heartbeats()
  return {
    handOvers: new HandOvers(ingredients),
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
