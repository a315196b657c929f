import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
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
  // Without SMTP_URL a mail is kept where it can be looked at.
  const mail = await firstMail()
  assert.deepEqual([mail.to, mail.subject], ['ada@example.com', 'At the door'])
})

interface Mail {
  readonly to: string
  readonly subject: string
}

async function firstMail(): Promise<Mail> {
  for (let asked = 0; asked < 100; asked++) {
    const { data } = await call('GET', '/api/outbox?channel=email')
    const [mail] = data as Mail[]
    if (mail) return mail
    await pause(100)
  }
  throw new Error('There is no mail.')
}

async function call(method: string, path: string, body?: object): Promise<{ data?: unknown }> {
  const request = body && {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }
  const answer = await fetch(app.url + path, { method, ...request })
  const text = await answer.text()
  assert.equal(answer.ok, true, text)
  return JSON.parse(text)
}
