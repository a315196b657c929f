import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { publint } from 'publint'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { appSnippets } from '../../support/docs/app-snippets.ts'
import { writeSnippets } from '../../support/docs/snippets.ts'
import { freePort } from '../../support/free-port.ts'
import { Device } from '../../support/mqtt-device.ts'
import { type Packed, pack, tscSays } from '../../support/packed.ts'
import { waitFor } from '../../support/wait-for.ts'

const ROOT = join(import.meta.dirname, '../../..')
const WANTED = /^(bin|build|deploy|docs|starter)\/|^[\w.-]+\.(json|md|conf)$|^LICENSE$/
const MOST_BYTES = 6 * 1024 * 1024

const USES = `
import { Event, InvalidPayload, listen, mail, Notifiable, Notification, Router } from 'belfry'
import { createApp } from 'belfry/app'
import { WelcomeNotification } from 'belfry/notifications'
import { FakeClock, NotificationFake } from 'belfry/testing'

class Gone extends Event { constructor(readonly user: string) { super() } }
class Bye extends Notification {
  via() { return ['mail'] }
  toMail() { return mail('Bye').line('It was nice.') }
}
class User extends Notifiable() { readonly id = '42' }
listen(Gone, async ({ user }) => { await Notification.send(user, new Bye()) })
export const app = createApp({ notifications: [Bye], env: { HTTP_PORT: '0' } })
export const told: Promise<object> = new User().notify(new WelcomeNotification('Ada'))
export const parts = [FakeClock, NotificationFake, Router, InvalidPayload]
// @ts-expect-error a notification is an object
Notification.send('42', 'hello')
`

/** What somebody gets who writes `npm install belfry`: what was built, and no source. */
describe('the package', () => {
  let packed: Packed
  let embedded: string
  let snippets: readonly string[]
  const running: ChildProcess[] = []
  const servers: Server[] = []

  beforeAll(() => {
    packed = pack()
    embedded = join(packed.project, 'embedded')
    snippets = writeSnippets(join(packed.project, 'snippets'))
    cpSync(join(ROOT, 'examples', 'embedded'), embedded, { recursive: true })
    writeFileSync(join(packed.project, 'package.json'), '{"type":"module","private":true}')
  })
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL')
    for (const server of servers.splice(0)) server.close()
  })
  afterAll(() => packed?.remove())

  it('has what package.json exports, and nothing that nobody needs', async () => {
    const { exports } = JSON.parse(
      readFileSync(join(packed.installed, 'package.json'), 'utf8'),
    ) as {
      exports: Record<string, string | Record<string, string>>
    }
    const targets = Object.values(exports).flatMap((target) =>
      typeof target === 'string' ? [target] : Object.values(target),
    )
    expect(targets.filter((target) => !existsSync(join(packed.installed, target)))).toEqual([])
    expect(packed.files.filter((file) => !WANTED.test(file))).toEqual([])
    expect(packed.files.filter((file) => /\/tests?\/|benchmarks/.test(file))).toEqual([
      'starter/tests/doors.test.ts',
    ])
    expect(packed.size).toBeLessThan(MOST_BYTES)
    const { messages } = await publint({ pkgDir: packed.installed, strict: true })
    expect(messages).toEqual([])
  })

  it('has the dashboard, with the licences of what is bundled into it', () => {
    expect(packed.files).toContain('build/dashboard/index.html')
    const licences = readFileSync(join(packed.installed, 'THIRD-PARTY-LICENSES.md'), 'utf8')
    for (const name of ['preact', '@preact/signals', 'uplot']) {
      expect(licences).toContain(`## ${name} `)
    }
  })

  it('holds under strict type checking, with the snippets of the documentation', () => {
    writeFileSync(join(packed.project, 'uses.ts'), USES)
    expect(snippets.length).toBeGreaterThan(2)
    const programs = ['fastify.ts', 'express.ts'].map((name) => join(embedded, name))
    const strict = ['--strict', '--noUncheckedIndexedAccess', '--noEmit', '--types', 'node']
    const modern = [
      '--target',
      'es2024',
      '--lib',
      'es2024,esnext.disposable',
      '--module',
      'nodenext',
    ]
    const flags = [...strict, ...modern, '--allowImportingTsExtensions', '--skipLibCheck', 'false']
    const said = tscSays(packed.project, ...flags, 'uses.ts', ...snippets, ...programs)
    // Types of libraries are theirs to mend.
    expect(
      said.split('\n').filter((line) => /^(?!.*node_modules\/(?!belfry\/)).*error TS/.test(line)),
    ).toEqual([])
  })

  it('starts, is healthy, shows the dashboard, and ends with 0 on SIGTERM', async () => {
    const { child, url, said } = await start(packed.project, [
      join(packed.installed, 'bin', 'belfry.js'),
      'start',
    ])
    const ended = once(child, 'exit')
    const env = { PATH: process.env.PATH, HTTP_PORT: new URL(url).port }
    const check = spawnSync(process.execPath, ['deploy/healthcheck.js'], {
      cwd: packed.installed,
      env,
    })
    expect(check.status).toBe(0)
    const page = await fetch(url)
    expect(await page.text()).toContain('<script')
    child.kill('SIGTERM')
    expect(await ended, said()).toEqual([0, null])
  })

  it('belfry init makes a project that passes its test, and takes what the guides add to it', async () => {
    const belfry = join(packed.installed, 'bin', 'belfry.js')
    const shop = join(packed.project, 'shop')
    const init = () =>
      spawnSync(process.execPath, [belfry, 'init', 'shop'], {
        cwd: packed.project,
        encoding: 'utf8',
      })
    expect(init().stdout).toContain('npm install')
    const again = init()
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('package.json')])
    expect(JSON.parse(readFileSync(join(shop, 'package.json'), 'utf8')).name).toBe('shop')
    expect(tscSays(shop, '-p', '.', '--types', 'node')).toBe('')

    const test = spawnSync(process.execPath, ['--test', 'tests/doors.test.ts'], {
      cwd: shop,
      encoding: 'utf8',
    })
    expect(test.status, test.stdout).toBe(0)

    const { pager, paged } = await startPager()
    for (const guide of ['channel', 'middleware']) {
      const page = join(packed.project, 'snippets', `docs-guides-${guide}-md`)
      cpSync(page, shop, { recursive: true })
    }
    const file = join(shop, 'routers', 'pager.ts')
    writeFileSync(file, readFileSync(file, 'utf8').replace('127.0.0.1:9000', pager))
    const { url, mqttUrl } = await start(shop, [belfry, 'start'])
    const device = await Device.connect(mqttUrl, '311')
    await device.publish('doors/front/bell', { visitor: 'Bob' })
    await device.publish('sensors/cellar/temperature', 31.5 as never)
    await device.publish('notifications/realtime/user/ada', {
      template: 'welcome',
      params: { name: 'Ada' },
    })
    await device.publish('sump/level', { level: 91 })
    await device.close()
    await waitFor(
      async () => {
        const { data } = await read(`${url}/api/notifications?user_id=ada`)
        const alerts = await read(`${url}/api/alerts`)
        const messages = data.map(({ message }) => message)
        return (
          messages.includes('Bob is at the front door.') &&
          messages.includes('Good to have you here.') &&
          alerts.data.length === 1 &&
          paged.some((body) => body.includes('Sump at 91 %'))
        )
      },
      { message: 'the project does not do its work' },
    )
  })

  it.each(appSnippets())('runs what $where shows', async ({ program }) => {
    const file = join(packed.project, 'snippet.ts')
    writeFileSync(file, program)
    const dataDir = join(packed.project, 'data-of-snippets')
    const env = { PATH: process.env.PATH, HTTP_PORT: '0', MQTT_PORT: '0', DATA_DIR: dataDir }
    const { status, stderr } = spawnSync(process.execPath, [file], { env, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
  })

  it.each(['fastify', 'express'])('runs inside a %s server: its paths and ours', async (name) => {
    const { child, url } = await start(embedded, [`${name}.ts`], '/belfry')
    expect(await read(url)).toEqual({ shop: 'open' })
    await fetch(`${url}/orders/7/ship`, { method: 'POST' })
    await waitFor(async () => {
      const { data } = await read(`${url}/belfry/api/notifications?user_id=ada`)
      return data.some(({ message }) => message === 'Your order 7 has left us.')
    })
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  })

  /** What the guide to channels posts to. */
  async function startPager() {
    const paged: string[] = []
    const server = createServer((request, response) => {
      request.on('data', (body) => paged.push(String(body)))
      request.on('end', () => response.end())
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
    return { paged, pager: `127.0.0.1:${(server.address() as AddressInfo).port}` }
  }

  /** A program in that folder, as soon as `/readyz` below the prefix says yes. */
  async function start(cwd: string, args: readonly string[], prefix = '') {
    const [http, mqtt] = [await freePort(), await freePort()]
    const dataDir = join(packed.project, `data-${http}`)
    mkdirSync(dataDir)
    const env = {
      ...{ PATH: process.env.PATH, PORT: String(http), MQTT_PORT: String(mqtt), DATA_DIR: dataDir },
      ...{ LOG_LEVEL: 'warn', ...(prefix === '' ? { HTTP_PORT: String(http) } : {}) },
    }
    const child = spawn(process.execPath, [...args], { cwd, env })
    running.push(child)
    let output = ''
    child.stdout.on('data', (chunk) => (output += String(chunk)))
    child.stderr.on('data', (chunk) => (output += String(chunk)))
    const url = `http://127.0.0.1:${http}`
    await waitFor(
      async () => {
        if (child.exitCode !== null) throw new Error(output)
        const answer = await fetch(`${url}${prefix}/readyz`).catch(() => null)
        return answer?.ok
      },
      { deadlineMs: 30_000, message: `${args.join(' ')} is not ready` },
    )
    return { child, url, mqttUrl: `mqtt://127.0.0.1:${mqtt}`, said: () => output }
  }
})

interface Listed {
  readonly data: readonly { readonly message: string }[]
}

async function read(url: string): Promise<Listed> {
  return (await fetch(url)).json() as Promise<Listed>
}
