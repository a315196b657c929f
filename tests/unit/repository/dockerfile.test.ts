import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, matchesGlob } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { VARIABLES } from '../../../src/config/variables.ts'

const root = join(import.meta.dirname, '../../..')

/** Instructions with their arguments, continuation lines joined. */
const instructions = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => /^(\w+) (.*)$/.exec(line)!.slice(1) as [string, string])
const last = instructions.slice(instructions.findLastIndex(([name]) => name === 'FROM'))
const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')

describe('Dockerfile', () => {
  it('[S4-053] is built in stages on the Node that the project is made for', () => {
    const images = instructions.filter(([name]) => name === 'FROM').map(([, image]) => image)
    const major = readFileSync(join(root, '.nvmrc'), 'utf8').trim()
    expect(images.length).toBeGreaterThan(1)
    for (const image of images) expect(image).toMatch(new RegExp(`^node:${major}-slim\\b`))
  })

  it('copies only what exists and is not kept out', () => {
    const sources = instructions
      .filter(([name, text]) => name === 'COPY' && !text.startsWith('--from'))
      .flatMap(([, text]) => text.split(' ').slice(0, -1))
    for (const source of sources) {
      expect(existsSync(join(root, source)), source).toBe(true)
      expect(isIgnored(source), source).toBe(false)
    }
  })

  it('has the licences, and what the command line reads from its package', () => {
    const copied = last.filter(([name]) => name === 'COPY').flatMap(([, text]) => text.split(' '))
    const needed = ['package.json', 'LICENSE', 'THIRD-PARTY-LICENSES.md', 'bin', 'starter']
    expect(copied).toEqual(expect.arrayContaining(needed))
  })

  it('keeps secrets, data and the installed modules of this machine out', () => {
    expect(ignored).toEqual(expect.arrayContaining(['.env', '.git', 'data', 'node_modules']))
  })

  it('does not run as root', () => {
    const user = last.findLast(([name]) => name === 'USER')?.[1]
    expect(user).toBe('node')
  })

  it('starts Node itself, so that SIGTERM reaches the service', () => {
    const forms = Object.fromEntries(last)
    expect(JSON.parse(forms.ENTRYPOINT!)).toEqual(['node', '/app/bin/belfry.js'])
    expect(JSON.parse(forms.CMD!)).toEqual(['start'])
    expect(forms.STOPSIGNAL).toBe('SIGTERM')
  })

  it('sets only variables that Belfry or Node reads', () => {
    const names = last
      .filter(([name]) => name === 'ENV')
      .flatMap(([, text]) => text.split(/\s+/).map((pair) => pair.split('=')[0]!))
    expect(names.filter((name) => !Object.hasOwn(VARIABLES, name))).toEqual(['NODE_ENV'])
  })

  it('has a health check in exec form', () => {
    const check = Object.fromEntries(last).HEALTHCHECK!
    const command = JSON.parse(check.slice(check.indexOf('['))) as string[]
    expect(command).toEqual(['node', '/app/deploy/healthcheck.js'])
  })
})

describe('deploy/healthcheck.js', () => {
  let status = 200
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/livez' ? status : 404).end('{}')
  })

  afterEach(() => {
    server.close()
  })

  it('ends with 0 while the service lives, with 1 when it does not', async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const port = String((server.address() as AddressInfo).port)
    expect(await check({ HTTP_PORT: port })).toBe(0)
    expect(await check({ PORT: port, HTTP_HOST: '0.0.0.0' })).toBe(0)
    status = 503
    expect(await check({ HTTP_PORT: port })).toBe(1)
    server.close()
    await once(server, 'close')
    expect(await check({ HTTP_PORT: port })).toBe(1)
  })
})

/** As Docker reads `.dockerignore`: the last line that matches says. */
function isIgnored(path: string): boolean {
  const lines = ignored.filter((line) => line !== '' && !line.startsWith('#'))
  const says = lines.findLast((line) => matchesGlob(path, line.replace(/^!/, '')))
  return says !== undefined && !says.startsWith('!')
}

async function check(env: Readonly<Record<string, string>>): Promise<number> {
  const script = join(root, 'deploy/healthcheck.js')
  const [code] = (await once(spawn(process.execPath, [script], { env }), 'exit')) as [number]
  return code
}
