import { assertUserId } from '../services/directory/user-record.ts'
import { allows, type Context, Forbidden } from '../src/index.ts'

/** The user that a topic names: one's own id, or anybody's for those with the scope `operate`. */
export function ownUser({ params, principal }: Context<{ readonly user_id: string }>): string {
  const { user_id: user } = params
  assertUserId(user)
  if (principal === null || principal.id === user || allows(principal, 'operate')) return user
  throw new Forbidden(`You are not user ${user}.`)
}
