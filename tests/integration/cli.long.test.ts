import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMosquitto } from '../support/servers.ts'
import { startService, type TestService } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'belfry.js')
const run = promisify(execFile)

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command line as a person would. */
async function belfry(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  try {
    const ended = await run(process.execPath, [BIN, ...args], { env: { ...process.env, ...env } })
    return { code: 0, ...ended }
  } catch (error) {
    const { code, stdout, stderr } = error as Ended
    return { code, stdout, stderr }
  }
}

describe('the command line', () => {
  let service: TestService
  const cli = (...args: string[]) => belfry(args, { BELFRY_URL: service.url })
  const json = async (...args: string[]) => JSON.parse((await cli('--json', ...args)).stdout)

  beforeAll(async () => {
    service = await startService({ env: { MAIL_FROM: 'belfry@example.com' } })
  })
  afterAll(async () => {
    await service?.stop()
  })

  it('without a command prints help and ends with 0', async () => {
    const { code, stdout } = await belfry([])
    expect(code).toBe(0)
    for (const word of ['start', 'doctor', 'send', 'alerts', 'queue', 'dead-letters', 'keys']) {
      expect(stdout).toContain(word)
    }
  })

  it('sends again and again, by the clock of each recipient, until that is ended', async () => {
    const made = await json('recurrences', 'add', '0 9 * * 1', 'all', 'Hello', '--user-timezone')
    expect(made).toMatchObject({ send_in_user_timezone: true, timezone: 'UTC', status: 'active' })
    const { stdout } = await cli('recurrences', 'list')
    expect(stdout).toContain("each one's (UTC)")
    const given = ['--cron', '0 10 * * *', '--count', '3', '--no-user-timezone']
    expect(await json('recurrences', 'change', made.id, ...given)).toMatchObject({
      ...{ cron: '0 10 * * *', count: 3, send_in_user_timezone: false },
    })
    expect((await cli('recurrences', 'add', 'often', 'all', 'x')).stderr).toContain('cron')
    expect(await cli('recurrences', 'add', '* * * * *', 'all', 'x', '--count', 'y')).toMatchObject({
      code: 2,
    })
    expect((await cli('recurrences', 'end', made.id)).code).toBe(0)
    expect(await json('recurrences', 'show', made.id)).toMatchObject({ status: 'canceled' })
  })

  it('[S2-026 S2-027 S2-028] broadcasts samples, and shows how broadcasting stands', async () => {
    const sent = await cli('broadcast', 'test', '--type', 'campaign', '--count', '3')
    expect(sent.stdout).toContain('campaign.milestone on admin-dashboard')
    expect(sent.stdout).toContain('3 times')
    for (const type of ['donation', 'security', 'maintenance']) {
      const { code } = await cli('notifications:test-broadcast', `--type=${type}`, '--count=1')
      expect(code, type).toBe(0)
    }
    expect(await cli('broadcast', 'test', '--type', 'nonsense')).toMatchObject({ code: 1 })
    expect(await cli('broadcast', 'test', '--count', '0')).toMatchObject({ code: 2 })
    const trail = await json('broadcast', 'log')
    expect(trail).toHaveLength(6)
    expect((await cli('broadcast', 'status')).stdout).toContain('gateway')
    const { stdout } = await cli('notifications:broadcasting-status', '--detailed', '--check-deps')
    for (const word of ['QUEUES', 'critical-broadcasts', 'security-alerts', 'reached']) {
      expect(stdout).toContain(word)
    }
    const debug = await json('broadcast', 'debug', '--test-connection', '--test-channels')
    expect(debug.round_trip).toContain('admin-dashboard answered in')
    expect(debug.settings).toBeUndefined()
    const config = await cli('notifications:debug-broadcast', '--show-config', '--check-env')
    expect(config.stdout).toContain('PUSHER_APP_CLUSTER')
  })

  it('ends with 2 on wrong usage, and with 1 when nothing answers', async () => {
    expect((await belfry(['alerts', 'nonsense'])).code).toBe(2)
    expect((await cli('alerts', 'ack')).code).toBe(2)
    const away = await belfry(['status', '--url', 'http://127.0.0.1:9'])
    expect(away.code).toBe(1)
    expect(away.stderr).toContain('Nothing answers at http://127.0.0.1:9')
  })

  it('says in one line what is wrong with where it was sent', async () => {
    const other = createServer((_, response) => response.end('<html>Hello</html>'))
    other.listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const at = (url: string) => belfry(['status'], { BELFRY_URL: url })
    expect(await at(`http://127.0.0.1:${port}`)).toMatchObject({
      code: 1,
      stderr: `belfry: What answers at http://127.0.0.1:${port} is not Belfry.\n`,
    })
    expect(await at('localhost:8080')).toMatchObject({
      code: 2,
      stderr: 'belfry: localhost:8080 is no address: say --url http://127.0.0.1:8080.\n',
    })
    other.close()
  })

  it('is cut off by Ctrl-C while nothing answers', async () => {
    const silent = createTcpServer(() => undefined).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo
    const env = { ...process.env, BELFRY_URL: `http://127.0.0.1:${port}` }
    const child = spawn(process.execPath, [BIN, 'status'], { env })
    const [socket] = (await once(silent, 'connection')) as [Socket]
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([null, 'SIGINT'])
    socket.destroy()
    silent.close()
  })

  it('asks for what was typed, whatever is in it, and fails when somebody gets nothing', async () => {
    const { code, stderr } = await cli('users', 'show', '../queues?x=')
    expect([code, stderr]).toEqual([1, expect.stringContaining('id: must be 1 to 128 letters')])
    const sent = await cli('send', 'user:ada,user:a b', 'Hello')
    expect(sent.code).toBe(1)
    expect(sent.stdout).toContain('"a b" is not a valid id')
    expect(sent.stderr).toBe('belfry: One recipient was rejected.\n')
  })

  it('shows what strangers sent without letting it act on the terminal', async () => {
    const headers = { 'content-type': 'application/json' }
    const body = '{"message":"\u001b[2J\u202eboo'
    await fetch(`${service.url}/api/notifications`, { method: 'POST', headers, body })
    const { stdout } = await cli('dead-letters', 'list')
    expect(stdout).toContain('[2J boo')
    expect(stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
    const [{ id }] = await json('dead-letters', 'list')
    expect((await cli('dead-letters', 'show', id)).stdout).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
  })

  it('lists everybody, page after page, and of what grows without end the newest', async () => {
    const people = Array.from({ length: 130 }, (_, n) => ({ id: `p-${n}` }))
    await service.api('PUT', '/api/users', { users: people })
    const rows: { id: string }[] = await json('users', 'list')
    expect(rows.filter(({ id }) => id.startsWith('p-'))).toHaveLength(130)
    for (let n = 0; n < 3; n++) await service.api('POST', '/api/alerts', { type: 'no message' })
    expect(await json('dead-letters', 'list', '--limit', '3')).toHaveLength(3)
    const { stdout, stderr } = await cli('dead-letters', 'list', '--limit', '2')
    expect(stdout.trim().split('\n')).toHaveLength(3)
    expect(stderr).toBe('There is more: --limit 4 shows twice as much.\n')
    expect((await cli('dead-letters', 'list', '--limit', 'x')).code).toBe(2)
  })

  it('[S1-057] acknowledges everything of a type, however much it is, and leaves nothing for one that is over', async () => {
    const raise = (n: number) =>
      service.api('POST', '/api/alerts', {
        ...{ type: 'bulk', severity: 'warning', message: 'Many', source: `s${n}` },
      })
    await Promise.all(Array.from({ length: 120 }, (_, n) => raise(n)))
    expect(await json('alerts', 'list', '--type', 'bulk')).toHaveLength(120)
    const statuses = async (...args: string[]) => {
      const rows: { status: string }[] = await json('alerts', ...args, '--type', 'bulk')
      return [...Map.groupBy(rows, ({ status }) => status)].map(([status, { length }]) => [
        status,
        length,
      ])
    }
    expect(await statuses('ack', '--note', 'on it')).toEqual([['acknowledged', 120]])
    expect(await statuses('resolve')).toEqual([['resolved', 120]])
    expect((await cli('alerts', 'list', '--type', 'bulk')).stdout).toBe('No open alert.\n')
    const both = await cli('alerts', 'ack', 'x', '--all')
    expect(both).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('either an id, or --all'),
    })
    const { code, stderr } = await cli('alerts', 'list', '--status', 'opened')
    expect([code, stderr]).toEqual([1, expect.stringContaining('acknowledged, snoozed')])
  })

  it('a dry run says in full what is wrong with a message', async () => {
    const { stdout } = await cli(
      'routes',
      'test',
      'notifications/alerts/critical/disk',
      '{"source":1}',
    )
    expect(stdout).toContain('source: must be text')
  })

  it('sends, and shows users, their inbox being filled', async () => {
    await cli('users', 'set', 'ada', '{"email":"ada@example.com","roles":["admin"]}')
    const sent = await json('send', 'user:ada', 'The pump is back', '--priority', 'high')
    expect(sent.notifications[0]).toMatchObject({ user_id: 'ada', channels: ['realtime', 'email'] })
    expect(await json('users', 'show', 'ada')).toMatchObject({
      email: 'ada@example.com',
      preferences: { sms: false },
    })
    expect((await cli('users', 'list')).stdout).toContain('ada@example.com')
  })

  it('reports what is wrong with a message, field by field', async () => {
    const { code, stderr } = await cli('send', 'user:ada', 'x', '--priority', 'urgent')
    expect(code).toBe(1)
    expect(stderr).toContain('priority: must be one of critical, high, normal, low')
  })

  it('shows what channels without a provider would have sent', async () => {
    await cli('send', 'grace@example.com', 'On demand')
    await waitFor(async () => (await cli('outbox')).stdout.includes('grace@example.com'), {
      message: 'the mail did not reach the outbox',
    })
  })

  it('[S1-057] acknowledges and resolves alerts with one command', async () => {
    await service.api('POST', '/api/alerts', { type: 'disk_full', message: '97 %', source: 'db1' })
    const [alert] = await json('alerts', 'list')
    expect(alert).toMatchObject({ type: 'disk_full', status: 'triggered' })
    expect((await cli('alerts', 'ack', '--all', '--note', 'on it')).stdout).toContain(
      'acknowledged',
    )
    expect((await cli('alerts', 'show', alert.id)).stdout).toContain('on it')
    expect((await cli('alerts', 'ack', alert.id)).stdout).toContain('already_acknowledged')
    expect((await cli('alerts', 'resolve', alert.id)).code).toBe(0)
    expect((await cli('alerts', 'resolve', alert.id)).stderr).toContain('resolved already')
  })

  it('finds failed jobs without being told their queue', async () => {
    const to = { webhook: 'http://127.0.0.1:9/nowhere' }
    const failing = async () => {
      const { body } = await service.api('POST', '/api/notifications', { to, message: 'Lost' })
      const id: string = body.notifications[0].notification_id
      await waitFor(async () => (await cli('queue', 'failed')).stdout.includes(id))
      return id
    }
    const id = await failing()
    expect((await json('queue', 'failed'))[0]).toMatchObject({ id, queue: 'webhook' })
    expect((await cli('queue', 'forget', id)).stdout).toBe('1 job forgotten.\n')
    expect(await cli('queue', 'retry', id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`There is no failed job ${id}`),
    })
    await failing()
    expect((await cli('queue', 'retry', '--all')).stdout).toBe('1 job retried.\n')
    await waitFor(async () => (await json('queue', 'failed')).length > 0)
    expect((await cli('queue', 'flush')).stdout).toBe('Every queue: 1 forgotten.\n')
    expect((await cli('queue', 'failed')).stdout).toBe('Nothing failed.\n')
  })

  it('a dead letter that is refused again is a failure', async () => {
    await service.api('POST', '/api/alerts', { type: 'no message' })
    const [{ id }] = await json('dead-letters', 'list')
    const { code, stderr } = await cli('dead-letters', 'replay', id)
    expect([code, stderr]).toEqual([1, expect.stringContaining('refused again')])
  })

  it('lists queues, pauses one and lets it go on', async () => {
    expect((await cli('queue', 'list')).stdout).toContain('email')
    expect((await cli('queue', 'pause', 'sms')).stdout).toContain('paused')
    const { data } = (await service.api('GET', '/api/queues')).body
    expect(data.find(({ name }: { name: string }) => name === 'sms').paused).toBe(true)
    expect((await cli('queue', 'resume', 'sms')).stdout).toContain('resumed')
    expect((await cli('queue', 'failed', 'nothing')).stderr).toContain('There is no queue nothing')
  })

  it('shows refused messages and sends them through again', async () => {
    await service.api('POST', '/api/notifications', { to: 'user:ada' })
    const [letter] = await json('dead-letters', 'list')
    expect(letter).toMatchObject({ code: 'invalid_payload' })
    expect((await cli('dead-letters', 'show', letter.id)).stdout).toContain('Message is required')
    expect((await cli('dead-letters', 'flush')).code).toBe(0)
    expect((await cli('dead-letters', 'list')).stdout).toContain('None.')
  })

  it('tells what would become of a message, without sending it', async () => {
    const topic = 'notifications/realtime/user/eve'
    const dry = await json('routes', 'test', topic, '{"message":""}')
    const refused = dry.steps.find((step: { outcome: string }) => step.outcome === 'refuse')
    expect(refused).toBeDefined()
    expect((await cli('routes', 'list')).stdout).toContain('notifications/realtime/user/{user_id}')
    const { status } = await service.api('GET', '/api/users/eve')
    expect(status).toBe(404)
  })

  it('puts people into groups and on call', async () => {
    expect((await cli('groups', 'add', 'ops', 'ada', 'bob')).stdout).toContain('2 in ops')
    expect((await cli('oncall', 'add', 'disk_full', 'bob')).stdout).toContain('bob')
    expect((await cli('oncall', 'show', 'disk_full')).stdout).toContain('bob')
    expect((await cli('oncall', 'remove', 'disk_full', 'bob')).stdout).toContain('nobody')
  })

  it('makes, lists and revokes keys', async () => {
    const device = ['--device', 'pump-7', '--publish', 'notifications/alerts/+/pump']
    const made = await json('keys', 'create', ...device)
    expect(made.username).toBe('pump-7')
    expect(made.password).toMatch(/^\S{8,}$/)
    expect((await cli('keys', 'list')).stdout).toContain('pump-7')
    expect((await cli('keys', 'revoke', made.key.id)).code).toBe(0)
  })

  it('makes a key straight in the store where no service runs', async () => {
    const env = { DATA_DIR: mkdtempSync(join(tmpdir(), 'k-')), BELFRY_URL: 'http://127.0.0.1:9' }
    const limited = ['--scopes', 'publish', '--publish', 'notifications/alerts/+/pump']
    const args = ['--json', 'keys', 'create', 'first', ...limited]
    const { code, stdout } = await belfry(args, env)
    expect(code).toBe(0)
    const { secret, key } = JSON.parse(stdout)
    expect(secret).toMatch(/^bk_/)
    expect(key).toMatchObject({ scopes: ['publish'], topics: ['notifications/alerts/+/pump'] })
  })

  it('checks configuration, store, broker and providers', async () => {
    const { stdout, code } = await belfry(['doctor'], {
      DATA_DIR: mkdtempSync(join(tmpdir(), 'd-')),
    })
    expect(stdout).toMatch(/configuration +ok/)
    expect(stdout).toMatch(/email +outbox +kept in the outbox; set SMTP_URL/)
    expect(code).toBe(0)
    const wrong = await belfry(['doctor'], { HTTP_PORT: 'eighty' })
    expect(wrong.code).toBe(1)
    expect(wrong.stdout).toContain('HTTP_PORT')
  })

  it('doctor logs in to the broker, and says why it cannot', async () => {
    const broker = await startService({ env: { BELFRY_ADMIN_KEY: 'a-key-for-doctors' } })
    const look = async (MQTT_PASSWORD: string) => {
      const DATA_DIR = mkdtempSync(join(tmpdir(), 'd-'))
      const env = { MQTT_URL: broker.mqttUrl, MQTT_USERNAME: 'belfry', MQTT_PASSWORD, DATA_DIR }
      return (await belfry(['doctor'], env)).stdout
    }
    expect(await look('a-key-for-doctors')).toMatch(/broker +ok +mqtt:.* lets us in/)
    expect(await look('wrong')).toMatch(
      /broker +wrong +mqtt:.*Bad username or password; look at MQTT_URL/,
    )
    await broker.stop()
  })

  it('status says what is wrong with a service that is not well', async () => {
    const mosquitto = await startMosquitto()
    const unwell = await startService({ env: { MQTT_URL: mosquitto.url } })
    const status = (...args: string[]) => belfry(['status', ...args], { BELFRY_URL: unwell.url })
    expect((await status()).code).toBe(0)
    await mosquitto.stop()
    await waitFor(async () => (await status()).code === 1)
    const { stdout, stderr } = await status()
    expect(stdout).toMatch(/broker +false/)
    expect(stderr).toBe('belfry: The service is not well.\n')
    expect(JSON.parse((await status('--json')).stdout)).toMatchObject({ ready: false })
    await unwell.stop()
  })

  it('doctor says all there is to say, in lines that a terminal shows', async () => {
    const env = { HTTP_PORT: 'eighty', MQTT_PORT: 'eighteen', NOTIFICATION_TTL: 'a day' }
    const { stdout } = await belfry(['doctor'], { ...env, COLUMNS: '72' })
    for (const name of Object.keys(env)) expect(stdout).toContain(name)
    expect(stdout).not.toContain('…')
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(72)
  })

  it('doctor counts the rules of a file that holds, and names what is wrong in one that does not', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'd-'))
    const file = join(folder, 'rules.yml')
    const environment = { DATA_DIR: folder, RULES_FILE: file }
    writeFileSync(file, 'heartbeats: [{ id: pumps, topic: "pumps/{id}", timeout: 1m }]')
    const good = await belfry(['doctor'], environment)
    expect(good.stdout).toMatch(/rules +ok +0 rules, 1 heartbeats, 0 filters/)
    writeFileSync(file, 'rules: [{ name: r, topic: "a/{id}", abvoe: 3 }]')
    const bad = await belfry(['doctor', '--json'], environment)
    expect(bad.code).toBe(1)
    expect(bad.stdout).toMatch(/rules\.yml: .*abvoe/)
  })

  it('shows what happens as it happens', async () => {
    const ending = new AbortController()
    const tail = run(process.execPath, [BIN, 'tail'], {
      env: { ...process.env, BELFRY_URL: service.url },
      signal: ending.signal,
    })
    let seen = ''
    tail.child.stdout?.on('data', (chunk) => {
      seen += chunk
    })
    tail.catch(() => {})
    await waitFor(
      async () => {
        await cli('send', 'user:ada', 'Watched')
        return seen.includes('notification') && seen.includes('"user_id":"ada"')
      },
      { message: 'tail showed nothing' },
    )
    ending.abort()
  })
})

describe('store export and import', () => {
  it('move everything to another store: users, inboxes, waiting jobs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'belfry-move-'))
    const file = join(folder, 'all.jsonl')
    const env = { DATA_DIR: join(folder, 'one') }
    const first = await startService({ env })
    await first.api('PUT', '/api/users/ada', { email: 'ada@example.com' })
    await first.api('POST', '/api/notifications', { to: 'user:ada', message: 'Kept' })
    await first.api('POST', '/api/queues/email/pause')
    await first.api('POST', '/api/notifications', {
      to: { email: 'b@example.com' },
      message: 'Waits',
    })
    await first.stop()

    expect((await belfry(['store', 'export', file], env)).stdout).toMatch(/\d+ keys written/)
    expect(readFileSync(file, 'utf8')).toContain('user:ada:profile')
    // It holds secrets.
    expect(statSync(file).mode & 0o077).toBe(0)
    const there = { DATA_DIR: join(folder, 'two') }
    expect((await belfry(['store', 'import', file], there)).stdout).toMatch(/\d+ keys read/)

    const second = await startService({ env: there })
    const inbox = await second.api('GET', '/api/notifications?user_id=ada')
    expect(inbox.body.data[0]).toMatchObject({ message: 'Kept' })
    expect(inbox.body.unread_count).toBe(1)
    await second.api('POST', '/api/queues/email/resume')
    await waitFor(async () => (await second.api('GET', '/api/outbox')).body.data.length === 1, {
      message: 'the waiting mail was not sent after the move',
    })
    await second.stop()
    rmSync(folder, { recursive: true })
  })
})
