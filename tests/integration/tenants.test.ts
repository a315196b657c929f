import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { signToken, TEST_JWT_SECRET } from '../support/tokens.ts'

describe('tenants', () => {
  let service: TestService
  const as: Record<string, Record<string, string>> = {}
  beforeAll(async () => {
    service = await startService({ env: { BELFRY_JWT_SECRET: TEST_JWT_SECRET } })
    for (const tenant of ['', 'a', 'b']) {
      const claims = { tenant, roles: ['admin'], scope: 'publish read operate admin' }
      as[tenant] = { authorization: `Bearer ${await signToken('42', claims)}` }
    }
  })
  afterAll(() => service?.stop())
  it('x', async () => {
    const sent = await service.api('POST', '/api/notifications', { to: { users: ['42'] }, message: 'hi', channels: ['email'] }, as.a)
    console.log(sent.status, JSON.stringify(sent.body))
    for (const t of ['', 'a', 'b']) {
      const r = await service.api('GET', '/api/notifications', undefined, as[t])
      console.log(t, r.status, JSON.stringify(r.body).slice(0, 300))
      const q = await service.api('GET', '/api/users', undefined, as[t])
      console.log(t, q.status, JSON.stringify(q.body).slice(0, 300))
    }
    console.log(service.log())
  })
})
