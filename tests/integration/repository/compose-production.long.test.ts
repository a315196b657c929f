import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ComposeService, interpolate, readCompose } from '../../support/compose.ts'
import { freePort } from '../../support/free-port.ts'
import { NativeClient } from '../../support/native-client.ts'
import { answers, findServer } from '../../support/server-process.ts'
import { launch, requireServer, type TestServer } from '../../support/servers.ts'
import { startService, type TestService } from '../../support/service.ts'
import { SocketIoUser } from '../../support/socketio-client.ts'
import { signToken, TEST_JWT_SECRET } from '../../support/tokens.ts'

const ROOT = join(import.meta.dirname, '../../..')
const { services: composed } = readCompose('deploy/compose/compose.yml')
const SECRETS = {
  ...{ BELFRY_DOMAIN: 'belfry.example.com', BELFRY_JWT_SECRET: TEST_JWT_SECRET },
  ...{ MQTT_PASSWORD: 'of the service', REDIS_PASSWORD: 'of-the-store', BELFRY_ADMIN_KEY: 'key' },
  MQTT_DEVICES: 'pump-7:of-the-pump',
}
const hasServers = (['mosquitto', 'redis-server', 'nginx', 'mosquitto_pub'] as const).every(
  requireServer,
)

/** What compose would start, started here: the same scripts, arguments and variables. */
describe.skipIf(!hasServers)('[S4-054] deploy/compose, without Docker', () => {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-compose-'))
  const certificates = join(folder, 'certificates')
  const ca = join(certificates, 'ca.crt')
  const undo: (() => Promise<unknown>)[] = []
  let tlsPort: number
  let secure: string
  let plain: string

  beforeAll(async () => {
    chmodSync(folder, 0o755)
    execFileSync('sh', [join(ROOT, 'deploy/compose/certificates.sh'), SECRETS.BELFRY_DOMAIN], {
      env: { PATH: process.env.PATH, CERTIFICATES: certificates },
    })
    const [broker, valkey] = await Promise.all([startBroker(), startValkey()])
    const processes = await Promise.all(
      [composed['gateway-1']!, composed['gateway-2']!, composed.worker!].map((part) =>
        startPart(part, valkey.port),
      ),
    )
    const proxy = await startProxy(processes.slice(0, 2))
    undo.push(() => proxy.stop(), ...processes.map((each) => () => each.stop()))
    undo.push(() => Promise.all([broker.stop(), valkey.stop()]))
  })
  afterAll(async () => {
    for (const step of undo) await step()
    rmSync(folder, { recursive: true, force: true })
  })

  async function startBroker(): Promise<TestServer> {
    tlsPort = await freePort()
    const environment = filledIn(composed.mosquitto!)
    return launch({
      name: 'mosquitto',
      program: '/bin/sh',
      url: (port) => `mqtt://127.0.0.1:${port}`,
      prepare: () => [join(ROOT, 'deploy/mosquitto/start.sh')],
      environment: (port, dir) => ({
        ...environment,
        PATH: `${process.env.PATH}:/usr/sbin`,
        MOSQUITTO_HOME: opened(join(dir, 'home'), dir),
        MOSQUITTO_LISTEN: environment.MOSQUITTO_LISTEN!.replace('1883', String(port)),
        MOSQUITTO_TLS_LISTEN: `${tlsPort} 127.0.0.1`,
        MOSQUITTO_CERTIFICATES: certificates,
      }),
      isReady: (port) => answers(port, CONNECT, '\x20\x02'),
    })
  }

  function startValkey(): Promise<TestServer> {
    const [, , command = ''] = composed.valkey!.command as readonly string[]
    return launch({
      name: 'redis-server',
      program: '/bin/sh',
      url: (port) => `rediss://localhost:${port}`,
      prepare: (port, dir) => {
        const here = command
          .replace('valkey-server', `${findServer('redis-server')} --dir ${dir} --bind 127.0.0.1`)
          .replace('--tls-port 6379', `--tls-port ${port}`)
          .replaceAll('/certificates', certificates)
          .replaceAll('$$', '$')
        return ['-c', here]
      },
      environment: () => ({ ...filledIn(composed.valkey!), PATH: process.env.PATH ?? '' }),
      isReady: async (port) =>
        spawnSync('redis-cli', ['-p', String(port), '--tls', '--cacert', ca, 'ping'], {
          env: { PATH: process.env.PATH, REDISCLI_AUTH: SECRETS.REDIS_PASSWORD },
          encoding: 'utf8',
        }).stdout.includes('PONG'),
    })
  }

  function startPart(part: ComposeService, redisPort: number): Promise<TestService> {
    const { DATA_DIR: _, HTTP_PORT: __, ...given } = filledIn(part)
    const env = {
      ...given,
      HTTP_HOST: '127.0.0.1',
      TRUST_PROXY: '127.0.0.1',
      MQTT_URL: given.MQTT_URL!.replace('mosquitto:8883', `localhost:${tlsPort}`),
      REDIS_URL: given.REDIS_URL!.replace('valkey:6379', `localhost:${redisPort}`),
      MQTT_CA_FILE: ca,
      REDIS_CA_FILE: ca,
    }
    return startService({ env })
  }

  async function startProxy(processes: readonly TestService[]): Promise<TestServer> {
    const plainPort = await freePort()
    plain = `http://127.0.0.1:${plainPort}`
    const server = await launch({
      name: 'nginx',
      program: '/bin/sh',
      url: (port) => `https://localhost:${port}`,
      prepare: (port, dir) => {
        mkdirSync(join(dir, 'certificates'))
        for (const kind of ['crt', 'key']) {
          const made = readFileSync(join(certificates, `public.${kind}`))
          writeFileSync(join(dir, 'certificates', `belfry.${kind}`), made)
        }
        writeFileSync(join(dir, 'nginx.conf'), nginxConf(dir))
        return [
          '-c',
          `exec env NGINX_PORTS="${plainPort} ${port}" sh ${ROOT}/deploy/nginx/start.sh`,
        ]
      },
      environment: (_, dir) => ({
        PATH: `${process.env.PATH}:/usr/sbin`,
        BELFRY_DOMAIN: SECRETS.BELFRY_DOMAIN,
        BELFRY_PROCESSES: processes.map(({ url }) => url.slice('http://'.length)).join(' '),
        NGINX_HOME: dir,
      }),
      isReady: () => answers(plainPort, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '301'),
    })
    secure = server.url
    return server
  }

  async function ask(method: string, path: string, body?: object): Promise<number> {
    const options = {
      method,
      ca: readFileSync(ca),
      headers: { authorization: 'Bearer key', 'content-type': 'application/json' },
    }
    return new Promise((resolve, reject) => {
      const call = request(secure + path, options, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
      })
      call.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  it('a device’s alert over TLS reaches who is on call on his socket over TLS', async () => {
    expect(await ask('POST', '/api/oncall/pump-7', { members: ['ada'] })).toBeLessThan(300)
    const token = await signToken('ada')
    const url = `${secure.replace('https', 'wss')}/ws?token=${token}`
    const { client } = await NativeClient.connect(url, { ca: readFileSync(ca) })
    const pump = { scope: 'publish', topics: ['notifications/alerts/+/pump-7'] }
    const alertOfPump = { message: 'Pressure is gone', token: await signToken('pump-7', pump) }
    const published = spawnSync('mosquitto_pub', [
      ...['-h', 'localhost', '-p', String(tlsPort), '--cafile', ca, '-q', '1', '-V', '5'],
      ...['-u', 'pump-7', '-P', 'of-the-pump', '-t', 'notifications/alerts/critical/pump-7'],
      ...['-m', JSON.stringify(alertOfPump)],
    ])
    expect([published.status, String(published.stderr)]).toEqual([0, ''])
    const { alert } = await client.next('critical_alert')
    expect(alert).toMatchObject({ message: 'Pressure is gone', type: 'pump-7' })
    await client.close()
  })

  it('Socket.IO polls through the proxy, and stays with its process', async () => {
    const user = await SocketIoUser.connect(secure, {
      auth: { token: await signToken('bea') },
      transports: ['polling'],
      ca: readFileSync(ca, 'utf8'),
    })
    await ask('POST', '/api/notifications', { to: 'user:bea', message: 'Hello' })
    await expect.poll(() => user.of('notification_message').length, { timeout: 25_000 }).toBe(1)
    user.close()
  })

  it('whoever does not know the authority, or has no password, stays outside', async () => {
    const url = `mqtts://localhost:${tlsPort}`
    const device = { username: 'pump-7', password: 'of-the-pump', reconnectPeriod: 0 }
    await expect(connectAsync(url, device)).rejects.toThrow(/certificate/)
    const stranger = { ...device, password: 'wrong', ca: readFileSync(ca) }
    await expect(connectAsync(url, stranger)).rejects.toThrow(/[Nn]ot authorized/)
    await (await connectAsync(url, { ...device, ca: readFileSync(ca) })).endAsync()
  })

  it('plain HTTP only says where to go', async () => {
    const answer = await fetch(`${plain}/api/alerts?x=1`, { redirect: 'manual' })
    expect(answer.status).toBe(301)
    expect(answer.headers.get('location')).toMatch(/^https:\/\/.*\/api\/alerts\?x=1$/)
  })
})

const CONNECT = Buffer.from('101100044d5154540402003c000570726f6265', 'hex')

/** A folder that a broker which gives up its rights can read. */
function opened(folder: string, parent: string): string {
  mkdirSync(folder, { recursive: true })
  chmodSync(parent, 0o755)
  return folder
}

function filledIn({ environment }: ComposeService): Record<string, string> {
  const entries = Object.entries(environment)
  return Object.fromEntries(entries.map(([name, text]) => [name, interpolate(text, SECRETS)]))
}

/** What the image's own nginx.conf does, with its places moved. */
function nginxConf(dir: string): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const places = kinds.map((kind) => `${kind}_temp_path ${join(dir, kind)};`).join(' ')
  return `pid ${dir}/pid; error_log stderr; events {}
http { access_log off; ${places} include ${dir}/conf.d/*.conf; }`
}
