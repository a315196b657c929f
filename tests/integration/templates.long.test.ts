import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'belfry.js')
const run = promisify(execFile)

let service: TestService
let folder: string

const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-templates-'))
  write(
    'order.shipped.yaml',
    `display_name: Order shipped
notification_type: success
permitted_params: order, name
locales:
  en:
    default: { title: 'Order {order}', message: 'Hello {name}, {order} is on its way.' }
    email: { html: '<p>Hello {name}</p>' }
    sms: { message: '{order} shipped' }
  fr:
    default: { title: 'Commande {order}', message: 'Bonjour {name}, {order} est en route.' }
`,
  )
  service = await startService({
    env: { TEMPLATES_DIR: folder, MAIL_FROM: 'belfry@example.com', LOG_LEVEL: 'info' },
  })
  const ada = { email: 'ada@example.com', phone: '+12025550123' }
  await service.api('PUT', '/api/users/ada', ada)
  await service.api('PUT', '/api/users/ada/preferences', { sms: true })
  await service.api('PUT', '/api/users/zoe', { locale: 'fr-CA' })
  await service.api('POST', '/api/groups/readers/members', { members: ['ada', 'zoe'] })
})
afterAll(async () => {
  await service?.stop()
  rmSync(folder, { recursive: true })
})

const shipped = { template: 'order.shipped', params: { order: 'A-1', name: '<Ada>' } }

async function inbox(user: string): Promise<Record<string, unknown>[]> {
  const { body } = await service.api('GET', '/api/notifications', undefined, {
    'x-belfry-user': user,
  })
  return body.data
}

describe('templates of a running service', () => {
  it('give each channel its words', async () => {
    const channels = ['email', 'sms']
    const sent = await service.api('POST', '/api/notifications', {
      ...{ to: 'user:ada', channels },
      ...shipped,
    })
    expect(sent.status).toBe(202)
    expect(sent.body.notifications).toMatchObject([{ user_id: 'ada', channels }])
    const [record] = await inbox('ada')
    expect(record).toMatchObject({
      title: 'Order A-1',
      message: 'Hello <Ada>, A-1 is on its way.',
      type: 'success',
      template: 'order.shipped',
    })
    const outbox = async (channel: string) =>
      (await service.api('GET', `/api/outbox?channel=${channel}`)).body.data[0]
    const [mail, sms] = await waitFor(async () => {
      const both = await Promise.all([outbox('email'), outbox('sms')])
      return both.every(Boolean) && both
    })
    const full = await service.api('GET', `/api/outbox/${mail.id}`)
    expect(full.body).toMatchObject({ subject: 'Order A-1' })
    expect(full.body.html).toContain('<p>Hello &lt;Ada&gt;</p>')
    expect((await service.api('GET', `/api/outbox/${sms.id}`)).body.text).toBe('A-1 shipped')
  })

  it('speak to everybody of a group in his own language', async () => {
    const sent = await service.api('POST', '/api/notifications', {
      to: 'group:readers',
      ...shipped,
    })
    expect(sent.status).toBe(202)
    const [record] = await waitFor(async () => {
      const records = await inbox('zoe')
      return records.length > 0 && records
    })
    expect(record).toMatchObject({ title: 'Commande A-1', type: 'success' })
  })

  it('are rendered when a scheduled message goes out, in the words of that moment', async () => {
    const soon = new Date(Date.now() + 5000).toISOString()
    await service.api('PUT', '/api/users/eve', {})
    await service.api('POST', '/api/templates', { name: 'later', message_template: 'old' })
    const body = { to: 'user:eve', template: 'later', send_at: soon }
    expect((await service.api('POST', '/api/notifications', body)).status).toBe(202)
    await service.api('PUT', '/api/templates/later', { message_template: 'new' })
    const [record] = await waitFor(async () => {
      const records = await inbox('eve')
      return records.length > 0 && records
    })
    expect(record).toMatchObject({ message: 'new' })
  })

  it('that are not there are named in the refusal', async () => {
    const to = ['user:ada', 'group:readers']
    const { body } = await service.api('POST', '/api/notifications', { to: to[0], template: 'no' })
    expect(body.rejected).toMatchObject([
      { error: { code: 'invalid_payload', issues: [{ path: 'template' }] } },
    ])
    const many = await service.api('POST', '/api/notifications', { to: to[1], template: 'no' })
    expect(many).toMatchObject({ status: 422, body: { code: 'invalid_payload' } })
    expect(JSON.stringify(many.body)).toContain('\\"no\\"')
  })

  it('need no message, but a message without template does', async () => {
    const { status, body } = await service.api('POST', '/api/notifications', { to: 'user:ada' })
    expect({ status, issues: body.issues }).toEqual({
      status: 422,
      issues: [{ path: 'message', message: 'Message is required' }],
    })
  })

  it('are made, changed, looked at and removed under their name', async () => {
    const path = `/api/templates/${encodeURIComponent('Nouvelle demande')}`
    const made = await service.api('POST', '/api/templates', {
      name: 'Nouvelle demande',
      title_template: 'Demande {id}',
      message_template: 'Par {who}',
    })
    expect(made).toMatchObject({ status: 201, body: { version: 1, is_active: true } })
    const again = await service.api('POST', '/api/templates', made.body)
    expect(again.status).toBe(409)
    const changed = await service.api('PUT', path, { is_active: false })
    expect(changed.body).toMatchObject({
      id: made.body.id,
      version: 2,
      title_template: 'Demande {id}',
    })
    expect((await service.api('GET', `${path}?version=1`)).body.is_active).toBe(true)
    const preview = await service.api('POST', `${path}/preview`, { params: { id: 7 } })
    expect(preview.body).toMatchObject({
      missing_params: ['who'],
      channels: { database: { title: 'Demande 7', message: 'Par ' }, sms: { segments: 1 } },
    })
    expect((await service.api('DELETE', path)).status).toBe(200)
    expect((await service.api('GET', path)).status).toBe(404)
  })

  it('are read from their files again, a broken file keeping what was there', async () => {
    write('order.shipped.yaml', 'message_template: "{{ broken"')
    write('welcome.json', JSON.stringify({ message_template: 'Welcome {name}' }))
    const { body } = await service.api('POST', '/-/reload')
    expect(body.templates).toMatchObject([
      {
        file: 'order.shipped.yaml',
        status: 'kept',
        issues: [{ message: expect.stringContaining('not closed') }],
      },
      { file: 'welcome.json', status: 'created' },
    ])
    expect((await service.api('GET', '/api/templates/order.shipped')).body.version).toBe(1)
    expect(service.log()).toContain('a template file cannot be used')

    write('order.shipped.yaml', 'message_template: "Sent"')
    process.kill(service.pid, 'SIGHUP')
    await waitFor(async () => {
      const { body } = await service.api('GET', '/api/templates/order.shipped')
      return body.version === 2 && body.message_template === 'Sent'
    })
  })

  it('are pushed and looked at from the command line', async () => {
    const env = { ...process.env, BELFRY_URL: service.url }
    const belfry = (...args: string[]) => run(process.execPath, [BIN, ...args], { env })
    write('welcome.json', JSON.stringify({ message_template: 'Hi {name}' }))
    const pushed = await belfry('--json', 'templates', 'push', folder)
    expect(JSON.parse(pushed.stdout)).toContainEqual({ name: 'welcome', version: 2 })
    const preview = await belfry('templates', 'preview', 'welcome', '--params', '{"name":"Zoë"}')
    expect(preview.stdout).toContain('Hi Zoë')
    expect((await belfry('templates', 'list')).stdout).toContain('order.shipped')
  })
})

describe('a service whose templates cannot be read', () => {
  it('does not start, and says which file is broken', async () => {
    write('welcome.json', '{"title_template":"no message"}')
    const starting = startService({ env: { TEMPLATES_DIR: folder } })
    await expect(starting).rejects.toThrow(/welcome\.json: .*message_template is required/)
  })
})
