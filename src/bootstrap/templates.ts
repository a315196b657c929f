import { TemplateCatalog } from '../../services/templates/template-catalog.ts'
import { TemplateEngine } from '../../services/templates/template-engine.ts'
import { TemplateRenderer } from '../../services/templates/template-renderer.ts'
import { TemplateService } from '../../services/templates/template-service.ts'
import { TemplateStore } from '../../services/templates/template-store.ts'
import type { Bus } from '../store/bus.ts'
import type { Keys } from '../store/keys.ts'
import type { Store } from '../store/store.ts'
import type { Clock } from '../support/clock.ts'
import type { Logger } from '../support/logger.ts'

interface Ingredients {
  readonly store: Store
  readonly bus: Bus
  readonly keys: Keys
  readonly clock: Clock
  readonly log: Logger
  /** Of people who did not say theirs. */
  readonly locale?: string
}

/** What writes templates and what puts their words into messages, over one catalogue. */
export function createTemplates({ store, bus, keys, clock, log, locale }: Ingredients) {
  const stored = new TemplateStore({ store, keys })
  const engine = new TemplateEngine()
  const channel = `${keys.scope}templates`
  const catalog = new TemplateCatalog({ templates: stored, bus, channel, clock, log })
  return {
    templates: new TemplateService({ templates: stored, catalog, engine, clock }),
    templateCatalog: catalog,
    templateRenderer: new TemplateRenderer({ catalog, engine, log, locale }),
  }
}
