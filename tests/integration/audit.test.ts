import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const KEY = 'k'.repeat(32)
const run = promisify(execFile)

// biome-ignore lint/suspicious/noExplicitAny: states are of every shape.
type Entry = any

describe('the audit log', () => {
  let service: TestService
  const admin = { authorization: `Bearer ${KEY}` }
  const call = (method: string, path: string, body?: unknown) =>
    service.api(method, path, body, admin)
  const entries = async (query = ''): Promise<Entry[]> =>
    (await call('GET', `/api/audit?limit=100${query}`)).body.data

  beforeAll(async () => {
    service = await startService({ env: { BELFRY_ADMIN_KEY: KEY } })
  })
  afterAll(() => service?.stop())

  it('says who changed what, from what to what, when and by which credential', async () => {
    await call('PUT', '/api/users/ada', { email: 'ada@example.com' })
    await call('PUT', '/api/users/ada', { email: 'ada@example.org' })
    const [second, first] = await entries('&match=/users/ada')
    expect(first).toMatchObject({ before: null, after: { email: 'ada@example.com' } })
    expect(second).toMatchObject({
      what: 'PUT /api/users/{id}',
      target: 'PUT /api/users/ada',
      via: 'key',
      from: '127.0.0.1',
      input: { email: 'ada@example.org' },
      before: { email: 'ada@example.com' },
      after: { email: 'ada@example.org' },
    })
    expect(second.who).toBeTruthy()
    expect(Date.now() - Date.parse(second.at)).toBeLessThan(60_000)
  })

  it('knows what an action did to the thing that it concerns', async () => {
    const { body } = await call('POST', '/api/alerts', {
      ...{ type: 'heat', severity: 'warning', message: 'It is 90 °C', source: 'oven' },
    })
    await call('POST', `/api/alerts/${body.alert_id}/ack`, { note: 'on my way' })
    const [entry] = await entries('&match=/ack')
    expect(entry).toMatchObject({
      what: 'POST /api/alerts/{alert_id}/ack',
      input: { note: 'on my way' },
      before: { status: 'triggered' },
      after: { status: 'acknowledged' },
    })
  })

  it('keeps no secret, and nothing of what was read, refused or done for oneself', async () => {
    const { body: key } = await call('POST', '/api/keys', { name: 'ci', scopes: ['read'] })
    const before = await entries()
    await call('GET', '/api/users/ada')
    await call('POST', '/api/queues/nothing_queue/retry', {})
    const own = { authorization: `Bearer ${key.key}` }
    await service.api('PUT', '/api/notifications/mark-all-read', {}, own)
    expect(await entries()).toEqual(before)
    expect(JSON.stringify(before)).not.toContain(key.key)
    expect(JSON.stringify(before)).not.toContain(KEY)
  })

  it('is for admins, in pages, by who and when, and as JSON lines', async () => {
    const stranger = await service.api('GET', '/api/audit')
    expect(stranger.status).toBe(401)
    const all = await entries()
    const page = (await call('GET', '/api/audit?limit=1')).body
    const rest = await entries(`&cursor=${page.next_cursor}`)
    expect([...page.data, ...rest]).toEqual(all)
    expect(await entries('&who=nobody')).toEqual([])
    expect(await entries(`&until=${all.at(-1).at}`)).toEqual([])
    expect(await entries(`&since=${all[0].at}`)).toEqual([all[0]])
    const node = join(ROOT, 'node_modules', '.bin', 'node')
    const args = ['audit', 'export', '--url', service.url, '--token', KEY]
    const { stdout } = await run(node, [join(ROOT, 'bin', 'belfry.js'), ...args])
    const lines = stdout.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(all)
  })

  it('[S0-087] forgets an erased person, not what was done', async () => {
    const user = '5ad0d0a2-7a4e-4d51-9c0b-0f5a52b3f1aa'
    await call('PUT', `/api/users/${user}`, { email: 'gone@example.com' })
    await call('DELETE', `/api/users/${user}/data`)
    const text = JSON.stringify(await entries())
    expect(text).not.toContain('gone@example.com')
    const [erasing] = await entries('&match=/data')
    expect(erasing.target).toMatch(/^DELETE \/api\/users\/erased-[0-9a-f]{12}\/data$/)
    expect(text).not.toContain(user)
  })
})
