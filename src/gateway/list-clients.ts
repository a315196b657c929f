import type { ClientInfo } from './client-info.ts'
import type { ClientQuestion } from './fleet/fleet-questions.ts'
import type { Sockets } from './sockets.ts'

/** The clients of this process that a question is about. */
export function listClients(
  sockets: Sockets,
  { scope, id, user, limit }: Omit<ClientQuestion, 'about'>,
): ClientInfo[] {
  const found: ClientInfo[] = []
  for (const { owner, openedAt, buffered } of sockets.all()) {
    if (found.length === limit) break
    const described = owner?.describe() ?? null
    if (described === null || described.scope !== scope) continue
    const fits = (id === null || described.id === id) && (user === null || described.user === user)
    if (fits) found.push({ ...described, openedAt, buffered })
  }
  return found
}
