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
})
after(async () => {
  await app.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('whoever rings is announced to Ada, in the app and by mail', async () => {
  const answer = await fetch(`${app.url}/api/routes/publish`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ topic: 'doors/front/bell', payload: { visitor: 'Bob' } }),
  })
  assert.equal(answer.ok, true, await answer.text())
  const [told] = await waitForNotifications('ada')
  assert.equal(told?.message, 'Bob is at the front door.')
})
