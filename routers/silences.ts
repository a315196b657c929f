import type { SilenceController } from '../controllers/silence-controller.ts'
import { SilenceBody, SilencesQuery } from '../controllers/silence-fields.ts'
import type { Context, HttpRouter, Middleware } from '../src/index.ts'

interface Parts {
  readonly router: HttpRouter
  readonly authenticate: Middleware<Context>
  readonly rateLimit: Middleware<Context>
  readonly idempotency: Middleware<Context>
  readonly silences: SilenceController
}

const operate = { tags: ['alerts'], scope: 'operate' } as const

/** What makes no noise: `/api/silences`. */
export function silenceRoutes({ router, silences, ...hallway }: Parts): void {
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
  })
}
