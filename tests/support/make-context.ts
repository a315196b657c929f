import type { Context, Principal } from '../../src/context.ts'
import { createLogger } from '../../src/support/logger.ts'

/** A context as a door makes it, for tests of the steps behind the doors. */
export function makeContext(overrides: Partial<Context> = {}): Context {
  return {
    id: '01890000-0000-7000-8000-000000000000',
    door: 'mqtt',
    target: 'notifications/realtime/user/42',
    route: 'notifications/realtime/user/{user_id}',
    params: {},
    payload: { message: 'hello' },
    query: {},
    meta: {},
    peer: '',
    principal: null,
    receivedAt: 0,
    retained: false,
    packet: null,
    log: createLogger('silent'),
    ...overrides,
  }
}

/** Somebody who proved with a token who he is. */
export function makePrincipal(overrides: Partial<Principal> = {}): Principal {
  return {
    id: 'ada',
    tenant: '',
    roles: [],
    groups: [],
    scopes: ['publish', 'read'],
    topics: null,
    channels: null,
    expiresAt: null,
    via: 'token',
    ...overrides,
  }
}
