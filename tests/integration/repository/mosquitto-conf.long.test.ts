import { spawn, spawnSync } from 'node:child_process'
import { type EventEmitter, once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, connectAsync, type IClientOptions, type MqttClient } from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { answers, ServerProcess } from '../../support/server-process.ts'
import { requireServer } from '../../support/servers.ts'
import { waitFor } from '../../support/wait-for.ts'

const repository = join(import.meta.dirname, '../../..')
const USERS = { belfry: 'pw-belfry', ops: 'pw-ops', 'pump-7': 'pw-pump', '42': 'pw-42' }
type User = keyof typeof USERS

const CONNECT = Buffer.from('100e00044d51545404020001000270726f', 'hex').subarray(0, 16)
const NOT_AUTHORIZED = 135

/** One topic for every row of the contract, and those that the service itself publishes on. */
const TOPICS = [
  'notifications/realtime/user/42',
  'notifications/realtime/broadcast',
  'notifications/realtime/group/ops',
  'notifications/alerts/critical/disk_full',
  'notifications/alerts/warning/disk_full',
  'notifications/alerts/info/disk_full',
  'notifications/alerts/ack/a-1',
  'notifications/alerts/resolve/a-1',
  'notifications/alerts/updates',
  'notifications/system/status',
  'notifications/system/maintenance',
  'notifications/email/send',
  'notifications/email/batch',
  'notifications/sms/send',
  'notifications/push/mobile/android',
  'notifications/inbox/read/42',
  'notifications/deliveries/cancel/n-1',
  'notifications/errors',
  'notifications/replies/script/1',
  'websocket/connect/42',
  'websocket/disconnect/42',
  'websocket/heartbeat/42',
  'websocket/drain/42',
  'events/order.shipped',
  'users/42/inbox',
  'users/42/unread',
  'belfry/status/node-1',
]

describe.skipIf(!requireServer('mosquitto'))('mosquitto.conf', () => {
  let broker: ServerProcess
  const clients: MqttClient[] = []

  beforeAll(async () => {
    broker = new ServerProcess(
      {
        name: 'mosquitto',
        url: (port) => `mqtt://127.0.0.1:${port}`,
        prepare: (port, dir) => ['-c', install(port, dir)],
        isReady: (port) => answers(port, CONNECT, '\x20\x02'),
      },
      await freePort(),
    )
    await broker.start()
  })

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.endAsync(true)))
  })
  afterAll(() => broker?.remove())

  async function login(
    user: User,
    { onTopic, ...options }: IClientOptions & { onTopic?: (topic: string) => void } = {},
  ): Promise<MqttClient> {
    const client = connect(broker.url, {
      username: user,
      password: USERS[user],
      protocolVersion: 5,
      reconnectPeriod: 0,
      ...options,
    })
    clients.push(client)
    client.on('error', () => undefined)
    // In place before the broker sends what it kept.
    if (onTopic) client.on('message', onTopic)
    await once(client as unknown as EventEmitter, 'connect')
    return client
  }

  async function listen(user: User, filters: string[], options: IClientOptions = {}) {
    const client = await login(user, options)
    const received: string[] = []
    client.on('message', (topic) => received.push(topic))
    await client.subscribeAsync(filters, { qos: 2 })
    return { client, received }
  }

  it.each([
    [4, 5],
    [5, NOT_AUTHORIZED],
  ] as const)('refuses strangers and wrong passwords under MQTT %i', async (version, code) => {
    const base = { protocolVersion: version, reconnectPeriod: 0 }
    await expect(connectAsync(broker.url, base)).rejects.toMatchObject({ code })
    const guess = { ...base, username: 'belfry', password: 'guess' }
    await expect(connectAsync(broker.url, guess)).rejects.toMatchObject({ code })
  })

  it('lets the service publish and receive on every topic of the contract', async () => {
    const filters = ['notifications/#', 'websocket/#', 'events/#', 'users/#', 'belfry/status/#']
    const { client, received } = await listen('belfry', filters)
    await Promise.all(TOPICS.map((topic) => client.publishAsync(topic, '{}', { qos: 1 })))
    await waitFor(() => received.length >= TOPICS.length)
    expect(received.toSorted()).toEqual(TOPICS.toSorted())
  })

  it('lets the service share its topics with other processes', async () => {
    const shared = '$share/belfry/notifications/alerts/critical/+'
    const one = await listen('belfry', [shared])
    const other = await listen('belfry', [shared])
    const pump = await login('pump-7')
    for (let count = 0; count < 20; count++) {
      await pump.publishAsync('notifications/alerts/critical/pump-7', '{}', { qos: 2 })
    }
    await waitFor(() => one.received.length + other.received.length === 20)
    expect(Math.min(one.received.length, other.received.length)).toBeGreaterThan(0)
  })

  it('lets a device raise its own alerts and nothing else', async () => {
    const pump = await login('pump-7')
    const { received } = await listen('belfry', ['notifications/#', 'users/#', 'events/#'])
    const refused = { code: NOT_AUTHORIZED }
    for (const topic of [
      'notifications/alerts/critical/pump-8',
      'notifications/alerts/ack/pump-7',
      'notifications/email/send',
      'notifications/realtime/broadcast',
      'users/pump-7/inbox',
      'events/order.shipped',
    ]) {
      await expect(pump.publishAsync(topic, '{}', { qos: 1 })).rejects.toMatchObject(refused)
    }
    expect(pump.connected).toBe(true)
    await pump.publishAsync('notifications/alerts/critical/pump-7', '{}', { qos: 1 })
    await pump.publishAsync('events/pump-7', '{}', { qos: 1 })
    await waitFor(() => received.length >= 2)
    expect(received).toEqual(['notifications/alerts/critical/pump-7', 'events/pump-7'])
  })

  it('opens no other door than the one it names', () => {
    const doors = broker.log().match(/listen socket on port \d+/g)
    expect(doors).toEqual([`listen socket on port ${broker.port}`])
  })

  it('gives a person his own inbox and nobody else’s', async () => {
    const { received } = await listen('42', ['users/+/inbox', 'notifications/#'])
    const service = await login('belfry')
    await service.publishAsync('users/43/inbox', '{}', { qos: 1 })
    await service.publishAsync('notifications/errors', '{}', { qos: 1 })
    await service.publishAsync('users/42/inbox', '{}', { qos: 1 })
    await waitFor(() => received.length > 0)
    expect(received).toEqual(['users/42/inbox'])
  })

  it('lets operators acknowledge and watch, but not read inboxes', async () => {
    const { client, received } = await listen('ops', ['#', 'notifications/alerts/#'])
    const service = await login('belfry')
    await service.publishAsync('users/42/inbox', '{}', { qos: 1 })
    await client.publishAsync('notifications/alerts/ack/a-1', '{}', { qos: 1 })
    await waitFor(() => received.includes('notifications/alerts/ack/a-1'))
    expect(received).not.toContain('users/42/inbox')
    const send = client.publishAsync('notifications/email/send', '{}', { qos: 1 })
    await expect(send).rejects.toMatchObject({ code: NOT_AUTHORIZED })
  })

  it('takes a payload of 256 KiB, and cuts off who sends 300 KB', async () => {
    const { received } = await listen('belfry', ['notifications/alerts/#'])
    const pump = await login('pump-7')
    const topic = 'notifications/alerts/critical/pump-7'
    await pump.publishAsync(topic, Buffer.alloc(262_144), { qos: 1 })
    const cut = new Promise<void>((resolve) => pump.once('close', () => resolve()))
    pump.publish(topic, Buffer.alloc(300_000), { qos: 1 })
    await cut
    const again = await login('pump-7')
    await again.publishAsync('notifications/alerts/info/pump-7', '{}', { qos: 1 })
    await waitFor(() => received.includes('notifications/alerts/info/pump-7'))
    expect(received.filter((name) => name === topic)).toHaveLength(1)
  })

  it.each([4, 5] as const)(
    'loses nothing of a burst of 1000 QoS 2 messages (MQTT %i)',
    async (v) => {
      const seen = new Set<string>()
      const { client } = await listen('belfry', ['notifications/email/send'])
      client.on('message', (_topic, payload) => seen.add(String(payload)))
      const sender = await login('belfry', { protocolVersion: v })
      const bodies = Array.from({ length: 1000 }, (_, index) => `{"n":${index}}`)
      await Promise.all(
        bodies.map((body) => sender.publishAsync('notifications/email/send', body, { qos: 2 })),
      )
      await waitFor(() => seen.size === 1000, { message: 'messages were dropped' })
    },
  )

  it('keeps 3000 messages for an absent subscriber, also over a kill -9 of the broker', async () => {
    const session = { clientId: 'absent', clean: false, properties: { sessionExpiryInterval: 600 } }
    const { client } = await listen('belfry', ['events/#'], session)
    await client.endAsync()
    const sender = await login('belfry')
    await Promise.all(
      Array.from({ length: 3000 }, (_, n) => sender.publishAsync(`events/${n}`, '{}', { qos: 1 })),
    )
    // One more turn of the broker: by then the file of the turn before is written.
    await sender.publishAsync('belfry/status/test', '{}', { qos: 1 })
    await broker.restart('SIGKILL')
    const seen = new Set<string>()
    await login('belfry', { ...session, onTopic: (topic) => seen.add(topic) })
    await waitFor(() => seen.size === 3000, { message: 'messages were dropped' })
  })
})

describe.skipIf(!requireServer('mosquitto'))('deploy/mosquitto/start.sh', () => {
  it('makes the password file, puts the files in place and becomes the broker', async () => {
    const home = mkdtempSync(join(tmpdir(), 'belfry-start-'))
    spawnSync('chmod', ['755', home])
    const port = await freePort()
    const child = spawn('sh', [join(repository, 'deploy/mosquitto/start.sh')], {
      env: {
        ...process.env,
        PATH: `${process.env.PATH}:/usr/sbin`,
        MOSQUITTO_HOME: home,
        MOSQUITTO_LISTEN: `${port} 127.0.0.1`,
        MQTT_PASSWORD: 'pw with $pecial "signs"',
        MQTT_DEVICES: 'pump-7:p7 pump-8:p8',
      },
    })
    const ended = once(child, 'exit')
    await waitFor(() => answers(port, CONNECT, '\x20\x02'))
    const url = `mqtt://127.0.0.1:${port}`
    const logins = { belfry: 'pw with $pecial "signs"', 'pump-7': 'p7', 'pump-8': 'p8' }
    for (const [username, password] of Object.entries(logins)) {
      await (await connectAsync(url, { username, password, reconnectPeriod: 0 })).endAsync()
    }
    expect(readFileSync(join(home, 'config/passwd'), 'utf8')).not.toContain('pecial')
    child.kill()
    expect(await ended).toEqual([0, null])
    rmSync(home, { recursive: true })
  })
})

/** mosquitto.conf as it is in the repository, with its places and its port moved. */
function install(port: number, dir: string): string {
  const config = join(dir, 'config')
  mkdirSync(config, { recursive: true })
  mkdirSync(join(dir, 'data'), { recursive: true })
  const passwords = Object.entries(USERS).map(([name, password]) => `${name}:${password}\n`)
  writeFileSync(join(config, 'passwd'), passwords.join(''))
  spawnSync('mosquitto_passwd', ['-U', join(config, 'passwd')])
  writeFileSync(join(config, 'acl'), readFileSync(join(repository, 'deploy/mosquitto/acl')))
  const text = readFileSync(join(repository, 'mosquitto.conf'), 'utf8')
    .replaceAll('/mosquitto/', `${dir}/`)
    .replace(/^listener 1883 127\.0\.0\.1$/m, `listener ${port} 127.0.0.1`)
  const file = join(config, 'mosquitto.conf')
  // Started as root it would become the user mosquitto, who cannot write into this directory.
  const user = process.getuid?.() === 0 ? 'user root\n' : ''
  writeFileSync(file, `${text}log_type information\n${user}`)
  return file
}
