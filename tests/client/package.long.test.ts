import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..', '..')
const TSC = join(ROOT, 'node_modules', '.bin', 'tsc')
const CORE_LIMIT = 8 * 1024

const USES = `
import { NotificationClient, type NotificationRecord } from '@belfry/client'
import { NotificationBellElement, FRENCH } from '@belfry/client/element'
import { NotificationBell, useNotifications } from '@belfry/client/react'
import { NotificationBell as VueBell, useNotificationWebSocket } from '@belfry/client/vue'
import { createElement } from 'react'

const client = new NotificationClient({ url: 'https://notify.example.com', token: async () => 't' })
client.on('notification', (record: NotificationRecord) => record.title.toUpperCase())
// @ts-expect-error there is no such event
client.on('notifications', () => {})
export const bell: HTMLElement | null = document.querySelector('notification-bell')
export const labels = { ...FRENCH, empty: 'Rien' }
export const element = createElement(NotificationBell, { client, labels })
export function Page() {
  const { notifications, markAsRead } = useNotifications()
  return createElement('button', { onClick: () => markAsRead(notifications[0]?.id ?? '') })
}
export { NotificationBellElement, useNotificationWebSocket, VueBell }
`

const ON_A_SERVER = `
import '@belfry/client'
import '@belfry/client/element'
import { NotificationBell, useNotifications } from '@belfry/client/react'
import { NotificationBell as VueBell } from '@belfry/client/vue'
import { createElement } from 'react'
import { renderToString } from 'react-dom/server'
import { createSSRApp, h } from 'vue'
import { renderToString as renderVue } from 'vue/server-renderer'

function Page() {
  const { loading, stats } = useNotifications()
  return createElement('div', null, String(loading), stats.total, createElement(NotificationBell, { locale: 'fr' }))
}
console.log(renderToString(createElement(Page)))
console.log(await renderVue(createSSRApp(() => h(VueBell, { locale: 'fr' }))))
`

/** What somebody gets who writes `npm install @belfry/client`. */
describe('the package @belfry/client', () => {
  const dir = mkdtempSync(join(tmpdir(), 'belfry-client-'))
  const project = join(dir, 'project')
  const installed = join(project, 'node_modules', '@belfry', 'client')

  beforeAll(() => {
    const made = join(dir, 'package')
    mkdirSync(made)
    mkdirSync(project)
    for (const file of ['package.json', 'README.md'])
      cpSync(join(ROOT, 'client', file), join(made, file))
    tsc(ROOT, '-p', 'client', '--outDir', join(made, 'build'))
    const npm = { cwd: dir, encoding: 'utf8' } as const
    const tarball = execFileSync('npm', ['pack', '--silent', made], npm).trim()
    writeFileSync(join(project, 'package.json'), '{"type":"module","private":true}')
    const install = ['install', '--offline', '--no-audit', '--no-fund', join(dir, tarball)]
    execFileSync('npm', install, { ...npm, cwd: project })
    for (const name of ['react', 'react-dom', 'vue', '@types', '@vue', 'csstype']) {
      symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name))
    }
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('installs into an empty project, and holds under strict type checking', () => {
    writeFileSync(join(project, 'page.ts'), USES)
    const strict = ['--strict', '--exactOptionalPropertyTypes', '--noUncheckedIndexedAccess']
    const lib = ['--target', 'es2022', '--lib', 'es2023,dom,dom.iterable', '--types', 'react']
    const resolve = ['--module', 'nodenext', '--moduleResolution', 'nodenext']
    tsc(project, '--noEmit', ...strict, ...lib, ...resolve, 'page.ts')
  })

  it('renders on a server, where there is no window', () => {
    writeFileSync(join(project, 'server.js'), ON_A_SERVER)
    const { stdout, stderr } = spawnSync(process.execPath, ['server.js'], {
      cwd: project,
      encoding: 'utf8',
    })
    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^<div>true.*0.*<notification-bell locale="fr" data-client="">/),
      expect.stringContaining('<notification-bell data-client locale="fr"'),
    ])
  })

  it('has no dependency at run time, and a core of at most 8 kB', async () => {
    const { dependencies } = await import(join(installed, 'package.json'), {
      with: { type: 'json' },
    }).then(({ default: manifest }) => manifest)
    expect(dependencies).toBeUndefined()
    const entry = join(installed, 'build', 'core', 'index.js')
    const lib = { entry, formats: ['es'], fileName: 'core' } as const
    const built = await build({
      configFile: false,
      logLevel: 'silent',
      build: { lib: { ...lib, formats: ['es'] }, write: false, minify: 'oxc' },
    })
    const [{ output }] = built as unknown as [{ output: [{ code: string }] }]
    const bytes = gzipSync(output[0].code).length
    expect(bytes).toBeGreaterThan(3000)
    expect(bytes).toBeLessThanOrEqual(CORE_LIMIT)
  })
})

function tsc(cwd: string, ...args: readonly string[]): void {
  const { status, stdout } = spawnSync(process.execPath, [TSC, ...args], { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`tsc ${args.join(' ')}:\n${stdout}`)
}
