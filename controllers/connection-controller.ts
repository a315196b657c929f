import { z } from 'zod'
import type { ConnectedSessions } from '../services/sessions/connected-sessions.ts'
import type { Context } from '../src/index.ts'
import { safeId } from './fields.ts'

export const ConnectionsQuery = z.object({
  user_id: safeId('user_id').optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
})

export const ConnectionQuery = z.object({ user_id: safeId('user_id').optional() })

/** Who is connected in realtime: `/api/connections`. */
export class ConnectionController {
  readonly #connections: ConnectedSessions

  constructor(parts: { readonly connections: ConnectedSessions }) {
    this.#connections = parts.connections
  }

  list = async ({ query }: Context) => {
    const { user_id, limit } = query as z.output<typeof ConnectionsQuery>
    const data = await this.#connections.list({ user: user_id ?? null, limit })
    return { data, next_cursor: null }
  }

  close = async ({ params, query }: Context<{ readonly id: string }>) => {
    const { user_id } = query as z.output<typeof ConnectionQuery>
    await this.#connections.close(params.id, user_id ?? null)
    return { status: 'closed', session_id: params.id }
  }
}
