import { type AccessController, KeyBody, TokenBody } from '../controllers/access-controller.ts'
import { AppBody, type AppController } from '../controllers/app-controller.ts'
import type { HookController } from '../controllers/hook-controller.ts'
import type { HttpGroup } from '../src/index.ts'

interface Controllers {
  readonly access: AccessController
  readonly app: AppController
  readonly hooks: HookController
}

/** Who may come in, under `/api`. */
export function accessRoutes(api: HttpGroup<'/api'>, { access, app, hooks }: Controllers): void {
  const admin = { tags: ['access'], scope: 'admin' } as const
  api.on(
    'GET',
    '/me',
    { tags: ['access'], scope: 'read', summary: 'Who you are, and what you may do' },
    access.me,
  )
  api.on('GET', '/keys', { ...admin, summary: 'API keys' }, access.keys)
  api.on(
    'POST',
    '/keys',
    { ...admin, body: KeyBody, status: 201, summary: 'A new API key' },
    access.createKey,
  )
  api.on('DELETE', '/keys/{id}', { ...admin, summary: 'Revoke a key' }, access.revokeKey)
  api.on(
    'GET',
    '/webhook-secrets',
    { ...admin, summary: 'What signs webhooks, newest first' },
    hooks.secrets,
  )
  api.on('GET', '/app', { ...admin, summary: 'The Pusher application: id, key, secret' }, app.show)
  api.on(
    'POST',
    '/app',
    {
      ...{ ...admin, body: AppBody.optional(), status: 201 },
      summary: 'A new key and secret for it; those before hold a while',
    },
    app.rotate,
  )
  api.on(
    'POST',
    '/tokens',
    { ...admin, body: TokenBody, status: 201, summary: 'A token for development' },
    access.issueToken,
  )
  api.on(
    'POST',
    '/realtime/tickets',
    {
      tags: ['realtime'],
      scope: 'read',
      status: 201,
      summary: 'A one-time ticket for EventSource and browsers',
    },
    access.ticket,
  )
}
