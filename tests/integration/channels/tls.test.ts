import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { GuardedSender } from '../../../services/channels/http/guarded-sender.ts'
import { systemClock } from '../../../src/support/clock.ts'

/** Every connection of the server: the name that was asked for, and how many requests it had. */
const connections = new Map<string, string[]>()

describe('the guarded sender over TLS', () => {
  const dir = mkdtempSync(join(tmpdir(), 'belfry-tls-'))
  const roots = getCACertificates('default')
  let server: Server
  let port: number
  let sender: GuardedSender

  beforeAll(async () => {
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')]
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const name = ['-subj', '/CN=hook.test', '-addext', 'subjectAltName=DNS:hook.test']
    const files = ['-keyout', key, '-out', cert]
    execFileSync('openssl', ['req', '-x509', ...curve, ...files, '-days', '2', ...name], {
      stdio: 'ignore',
    })
    server = createServer({ key: readFileSync(key), cert: readFileSync(cert) })
    server.on('request', (request, response) => {
      const connection = `${(request.socket as TLSSocket).servername} ${request.socket.remotePort}`
      const hosts = connections.get(connection) ?? []
      connections.set(connection, [...hosts, request.headers.host ?? ''])
      response.end()
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    port = (server.address() as AddressInfo).port
    setDefaultCACertificates([...roots, readFileSync(cert, 'utf8')])
  })
  afterAll(() => {
    setDefaultCACertificates(roots)
    server.closeAllConnections()
    server.close()
    rmSync(dir, { recursive: true })
  })
  beforeEach(() => {
    connections.clear()
    sender = new GuardedSender({
      clock: systemClock,
      allow: ['127.0.0.1'],
      resolve: () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    })
  })
  afterEach(() => sender.close())

  const post = async (host: string) => {
    const url = `https://${host}:${port}/`
    const result = await sender.post({ url, body: '{}' }, new AbortController().signal)
    await nextTurn()
    return result
  }

  it('asks for the name, though it connects to the address, and keeps the connection', async () => {
    for (let n = 0; n < 3; n++) expect(await post('hook.test')).toMatchObject({ status: 200 })
    const host = `hook.test:${port}`
    expect([...connections]).toEqual([
      [expect.stringMatching(/^hook\.test \d+$/), [host, host, host]],
    ])
  })

  it('sends nothing to whoever cannot prove the name', async () => {
    expect(await post('other.test')).toMatchObject({
      kind: 'unreachable',
      reason: expect.stringContaining('altnames'),
    })
    expect(connections.size).toBe(0)
  })
})
