import { InhibitionBody, type InhibitionController } from '../controllers/inhibition-controller.ts'
import type { SilenceController } from '../controllers/silence-controller.ts'
import { SilenceBody, SilencesQuery } from '../controllers/silence-fields.ts'
import type { Context, HttpGroup, HttpRouter, Middleware } from '../src/index.ts'

interface Parts {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
  readonly idempotency: Middleware<Context>
  readonly silences: SilenceController
  readonly inhibitions: InhibitionController
}

const operate = { tags: ['alerts'], scope: 'operate' } as const

/** What makes no noise: `/api/silences`, `/api/inhibition-rules`. */
export function silenceRoutes({ router, silences, inhibitions, ...hallway }: Parts): void {
  const { authenticate, rateLimit, idempotency } = hallway
  router.group('/api', [authenticate, rateLimit, idempotency], (api) => {
    const [all, one] = ['/silences', '/silences/{id}'] as const
    const list = { ...operate, query: SilencesQuery, summary: 'Silences, newest first' } as const
    api.on('GET', all, list, silences.list)
    const make = { ...operate, status: 201, body: SilenceBody, summary: 'A new silence' } as const
    api.on('POST', all, make, silences.create)
    api.on('GET', one, { ...operate, summary: 'One silence' }, silences.find)
    const summary = 'Change a silence; with other matchers or another start a new one replaces it'
    api.on('PUT', one, { ...operate, body: SilenceBody, summary }, silences.save)
    api.on('DELETE', one, { ...operate, summary: 'End a silence now' }, silences.expire)
    inhibitionRoutes(api, inhibitions)
  })
}

function inhibitionRoutes(api: HttpGroup<'/api'>, inhibitions: InhibitionController): void {
  const [all, one] = ['/inhibition-rules', '/inhibition-rules/{id}'] as const
  const list = { ...operate, summary: 'Rules by which alerts keep others quiet' } as const
  api.on('GET', all, list, inhibitions.list)
  const made = { ...operate, status: 201, body: InhibitionBody } as const
  api.on('POST', all, { ...made, summary: 'A new inhibition rule' }, inhibitions.create)
  api.on('GET', one, { ...operate, summary: 'One inhibition rule' }, inhibitions.find)
  const save = { ...operate, body: InhibitionBody, summary: 'Replace an inhibition rule' } as const
  api.on('PUT', one, save, inhibitions.save)
  api.on('DELETE', one, { ...operate, summary: 'Delete an inhibition rule' }, inhibitions.remove)
}
