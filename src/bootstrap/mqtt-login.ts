import type { AccessService } from '../../services/access/access-service.ts'
import type { Principal } from '../context.ts'
import { Unauthenticated } from '../support/errors.ts'

/** Asks who a user name and password stand for; `null`: nobody we know. */
export function mqttLogin(access: Pick<AccessService, 'login'>) {
  return async (username: string | null, password: string | null): Promise<Principal | null> => {
    try {
      return await access.login(username ?? '', password ?? '')
    } catch (error) {
      if (error instanceof Unauthenticated) return null
      throw error
    }
  }
}
