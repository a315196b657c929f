import { Liquid } from 'liquidjs'
import { messageOf } from '../services/notifications/notification-record.ts'
import { TemplateBody } from '../services/templates/template-body.ts'
import { createTemplates } from '../src/bootstrap/templates.ts'
import { Keys } from '../src/store/keys.ts'
import { MemoryBus } from '../src/store/memory-bus.ts'
import { openSqliteStore } from '../src/store/sqlite/sqlite-store.ts'
import { systemClock as clock } from '../src/support/clock.ts'
import { createLogger } from '../src/support/logger.ts'
import {
  compare,
  type Effort,
  type Finding,
  interleave,
  type Question,
} from './support/question.ts'

const TEMPLATES = 50
const LOCALES = ['en', 'fr', 'de', 'es', 'pt'] as const
const PARAMS = { name: 'Ada', order: { id: 'A-1', total: 42 }, items: ['a lamp', 'a chair', 'tea'] }

/** Words for one template in one language, as people write them. */
function wordsOf(number: number, locale: string) {
  return {
    title: `[${locale}] Order {{ order.id }} (${number})`,
    message:
      `[${locale}] Hello {{ name | capitalize }}, {% if order.total > 10 %}thank you{% endif %}: ` +
      '{% for item in items %}{{ forloop.index }}. {{ item }}\n{% endfor %}Bye, {{ name }}.',
  }
}

/** Messages in the words of their templates, against LiquidJS with everything parsed beforehand. */
export const templates: Question = {
  name: 'templates',
  asks: 'What do catalogue, locales and limits cost beside the rendering itself?',
  needs: [],
  ask,
}

async function ask({ quick }: Effort): Promise<readonly Finding[]> {
  const passes = quick ? 10 : 20
  const log = createLogger('silent')
  const store = openSqliteStore({ path: ':memory:', clock, log })
  const made = createTemplates({ store, bus: new MemoryBus(), keys: new Keys(), clock, log })
  const names = Array.from({ length: TEMPLATES }, (_, number) => `template-${number}`)
  for (const [number, name] of names.entries()) {
    const locales = Object.fromEntries(
      LOCALES.map((locale) => [locale, { default: wordsOf(number, locale) }]),
    )
    await made.templates.create(TemplateBody.parse({ name, locales }))
  }
  const uses = names.map((name) =>
    messageOf({ message: name, template: { name, params: PARAMS, keepsType: false } }),
  )
  const service = () =>
    rate(passes, async () => {
      for (const locale of LOCALES) {
        for (const message of uses) await made.templateRenderer.apply(message, locale)
      }
    })
  const figures = await interleave(quick ? 11 : 31, { service, liquid: liquidAlone(passes) })
  await store.close()
  const unit = 'messages/s'
  const about = { what: 'messages rendered', unit, against: 'LiquidJS alone, parsed beforehand' }
  return [compare({ ...about, must: ['>=', 0.8] }, figures.service, figures.liquid)]
}

/** The same texts, title and message each, rendered by the library and nothing else. */
function liquidAlone(passes: number): () => Promise<number> {
  const engine = new Liquid()
  const parsed = LOCALES.flatMap((locale) =>
    Array.from({ length: TEMPLATES }, (_, number) => {
      const { title, message } = wordsOf(number, locale)
      return [engine.parse(title), engine.parse(message)] as const
    }),
  )
  return () =>
    rate(passes, async () => {
      for (const [title, message] of parsed) {
        engine.renderSync(title, PARAMS)
        engine.renderSync(message, PARAMS)
      }
    })
}

/** Messages per second over so many passes through all templates and languages. */
async function rate(passes: number, pass: () => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  for (let done = 0; done < passes; done++) await pass()
  return (passes * TEMPLATES * LOCALES.length * 1000) / (performance.now() - startedAt)
}
