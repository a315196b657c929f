import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Belfry, createApp } from 'belfry/app'
import { waitForNotifications } from 'belfry/testing'
import { routes } from '../routers/doors.ts'

const folder = mkdtempSync(join(tmpdir(), 'doors-'))
let app: Belfry

before(async () => {
  // Everything inside this process, on free ports, in a folder of its own.
  const env = { HTTP_PORT: '0', MQTT_PORT: '0', DATA_DIR: folder, LOG_LEVEL: 'warn' }
  app = await createApp({ env, routes }).start()
  await call('PUT', '/api/users/ada', { email: 'ada@example.com' })
})
after(async () => {
  await app.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('whoever rings is announced to Ada, in the app and by mail', async () => {
  await call('POST', '/api/routes/publish', {
    topic: 'doors/front/bell',
    payload: { visitor: 'Bob' },
  })
  const [told] = await waitForNotifications('ada')
  assert.equal(told?.message, 'Bob is at the front door.')
  assert.deepEqual(told?.channels, ['realtime', 'email'])
})

async function call(method: string, path: string, body: object): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(app.url + path, { method, headers, body: JSON.stringify(body) })
  assert.equal(answer.ok, true, await answer.text())
}
