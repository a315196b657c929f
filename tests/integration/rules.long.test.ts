import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connectAsync } from 'mqtt'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fresh, type Json, World } from '../stories/world.ts'
import { serverAvailable } from '../support/servers.ts'
import { type Parts, startSurroundings } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const RULES = `
filters:
  - name: no-tests
    match: ['payload.source = test-bench']
    action: drop
rules:
  - name: freezer
    topic: sensors/{room}/freezer
    above: -10
    clear: -15
    then:
      alert: { type: freezer_warm, severity: warning, message: '{{ room }} has {{ value }} °C' }
  - name: button
    topic: buttons/{id}
    match: ['payload = pressed']
    then:
      notify: { to: ['user:ada', 'group:ops', { email: guard@example.com }], message: 'Button {{ id }}' }
      event: { name: button.pressed }
  - name: door
    topic: doors/{id}
    value: payload.state
    on_change: true
    then:
      notify: { to: 'user:porter', title: 'Door', message: '{{ id }} is {{ value }}' }
`

const MORE = `
  - name: window
    topic: windows/{id}
    then:
      notify: { to: 'user:porter', message: 'Window {{ id }}: {{ value }}' }
`

const KEPT = `
  - name: gate
    topic: gates/{id}
    retained: accept
    match: ['payload != shut']
    then:
      notify: { to: 'user:keeper', message: 'Gate {{ id }} is {{ value }}' }
`

async function open(parts: Parts) {
  const file = join(await mkdtemp(join(tmpdir(), 'belfry-rules-')), 'rules.yml')
  await writeFile(file, RULES)
  const surroundings = await startSurroundings(parts)
  const world = await World.open({ surroundings, env: { RULES_FILE: file } })
  return {
    world,
    file,
    close: async () => {
      await world.close()
      await surroundings.stop()
    },
  }
}

const hasServers = serverAvailable('mosquitto') && serverAvailable('redis-server')
const kinds: Parts[] = hasServers ? ['embedded', 'external', 'cluster'] : ['embedded']

describe.each(kinds)('rules on %s', (parts) => {
  let opened: Awaited<ReturnType<typeof open>>
  let world: World
  beforeAll(async () => {
    opened = await open(parts)
    world = opened.world
  })
  afterAll(() => opened?.close())

  const publish = (topic: string, payload: string) => world.device('311').publish(topic, payload)
  const openAlerts = async (type: string, source: string): Promise<Json[]> => {
    const { data } = await world.http('GET', '/api/alerts?limit=100')
    return data.filter((alert: Json) => alert.type === type && alert.source === source)
  }

  it('[G-03] a sensor that publishes bare numbers raises one alert, which ends when it is well', async () => {
    const room = fresh('hall')
    for (const value of ['-20', '-9.5', '-9', '-12', '-8']) {
      await publish(`sensors/${room}/freezer`, value)
    }
    const [alert] = await waitFor(async () => {
      const found = await openAlerts('freezer_warm', room)
      return found.length > 0 ? found : null
    })
    expect(alert).toMatchObject({
      ...{ severity: 'warning', message: `${room} has -9.5 °C`, labels: { room }, count: 1 },
    })
    await publish(`sensors/${room}/freezer`, '-15')
    await waitFor(async () => (await openAlerts('freezer_warm', room)).length === 0)
    const { status, log } = await world.http('GET', `/api/alerts/${alert.id}`)
    expect(status).toBe('resolved')
    // That it waited for others of its group may be noted after that.
    expect(log.map(({ why }: Json) => why)).toContain('it has ended')
  })

  it('a word is told to a user, a group and a bare address, and logged as an event', async () => {
    const [id, member] = [fresh('b'), fresh('ops')]
    await world.http('POST', '/api/groups/ops/members', { members: [member] })
    await publish(`buttons/${id}`, 'released')
    await publish(`buttons/${id}`, 'pressed')
    const isIt = ({ message }: Json) => message === `Button ${id}`
    await world.notification('ada', isIt)
    await world.notification(member, isIt)
    await waitFor(async () =>
      (await world.outboxOf('email', 'guard@example.com')).some(({ text }) => text.includes(id)),
    )
    const { data } = await world.http('GET', '/api/events?type=button.pressed&limit=100')
    const mine = data.filter(({ payload }: Json) => payload.params.id === id)
    expect(mine).toHaveLength(1)
    expect(mine[0].payload).toMatchObject({ topic: `buttons/${id}`, value: 'pressed' })
  })

  it('on_change is told of changes alone, each device by itself', async () => {
    const [one, two] = [fresh('d'), fresh('d')]
    const states = ['open', 'open', 'shut', 'shut', 'open']
    for (const state of states) {
      for (const id of [one, two]) await publish(`doors/${id}`, JSON.stringify({ state }))
    }
    const heard = async (id: string) =>
      (await world.inbox('porter')).data
        .map(({ message }: Json) => message as string)
        .filter((message: string) => message.startsWith(id))
        .sort()
    await waitFor(async () => (await heard(two)).length === 3 && (await heard(one)).length === 3)
    expect(await heard(one)).toEqual([`${one} is open`, `${one} is open`, `${one} is shut`])
  })

  it('a dry run says what each rule would do', async () => {
    const body = { topic: 'sensors/attic/freezer', payload: -3 }
    const { route, steps } = await world.http('POST', '/api/routes/test', body)
    expect(route).toBe('sensors/{room}/freezer')
    expect(steps.at(-1)).toEqual({
      ...{ step: 'rule freezer', outcome: 'pass', reason: 'payload is -3: began' },
    })
    expect(await openAlerts('freezer_warm', 'attic')).toEqual([])
  })

  it('filters of the file keep messages out', async () => {
    const answer = await world.device('311').ask(`notifications/alerts/info/${fresh('f')}`, {
      ...{ message: 'x', source: 'test-bench' },
    })
    expect(answer).toMatchObject({ error: { code: 'filtered' } })
  })

  it('reread without a restart: new topics are taken, a broken file changes nothing', async () => {
    const id = fresh('w')
    await publish(`windows/${id}`, '"before"')
    await writeFile(opened.file, RULES + MORE)
    const { rules } = await world.http('POST', '/-/reload')
    expect(rules).toEqual([{ file: opened.file, status: 'loaded' }])
    const isIt = ({ message }: Json) => message.startsWith(`Window ${id}`)
    await waitFor(async () => {
      await publish(`windows/${id}`, 'open')
      return (await world.inbox('porter')).data.some(isIt)
    })

    await writeFile(opened.file, `${RULES}  - name: broken\n    topic: notifications/x\n`)
    const { rules: broken } = await world.http('POST', '/-/reload')
    expect(broken[0].status).toBe('kept')
    expect(broken[0].issues.map(({ path }: Json) => path)).toEqual([
      'rules.3.topic',
      'rules.3.then',
    ])
    const more = fresh('w')
    await publish(`windows/${more}`, 'open')
    await world.notification('porter', ({ message }) => message === `Window ${more}: open`)

    await writeFile(opened.file, RULES)
    await world.http('POST', '/-/reload')
    const { data } = await world.http('GET', '/api/routes')
    expect(data.some(({ pattern }: Json) => pattern === 'windows/{id}')).toBe(false)
  })

  it('[S0-044] kept messages are offered to new rules: each is taken once, however often files are reread', async () => {
    const [id, later] = [fresh('g'), fresh('g')]
    const keep = async (topic: string, payload: string) => {
      const client = await connectAsync(world.service.mqttUrl)
      await client.publishAsync(topic, payload, { qos: 1, retain: true })
      await client.endAsync()
    }
    await keep(`gates/${id}`, 'open')
    await keep(`gates/${fresh('g')}`, 'shut')
    const reload = async (text: string) => {
      await writeFile(opened.file, text)
      const { rules } = await world.http('POST', '/-/reload')
      expect(rules[0].status).toBe('loaded')
    }
    const heard = async (): Promise<string[]> =>
      (await world.inbox('keeper')).data.map(({ message }: Json) => message)
    await reload(RULES + KEPT)
    await waitFor(async () => (await heard()).length === 1)
    expect(await heard()).toEqual([`Gate ${id} is open`])

    // What came while the rule held is known when it is offered again.
    await keep(`gates/${later}`, 'open')
    await waitFor(async () => (await heard()).length === 2)
    await reload(RULES)
    await keep(`gates/${id}`, 'ajar')
    await reload(RULES + KEPT)
    await waitFor(async () => (await heard()).length === 3)
    await reload(RULES + KEPT)
    await publish(`gates/${later}`, 'last')
    await waitFor(async () => (await heard()).some((message) => message.endsWith('last')))
    expect((await heard()).toSorted()).toEqual(
      [`${id} is ajar`, `${id} is open`, `${later} is last`, `${later} is open`]
        .map((words) => `Gate ${words}`)
        .toSorted(),
    )
    await reload(RULES)
  })

  it('SIGHUP rereads the file', async () => {
    await writeFile(opened.file, RULES + MORE)
    process.kill(world.service.pid, 'SIGHUP')
    const id = fresh('w')
    await waitFor(async () => {
      await publish(`windows/${id}`, 'open')
      return (await world.inbox('porter')).data.some(({ message }: Json) => message.includes(id))
    })
    await writeFile(opened.file, RULES)
    await world.http('POST', '/-/reload')
  })

  it('[G-22] each device of a monitor by itself: silence raises, a beat resolves', async () => {
    const kind = fresh('k')
    await world.http('POST', '/api/heartbeats', {
      ...{ id: kind, topic: `${kind}/{id}/telemetry`, timeout_seconds: 2 },
      last_will: { topic: `${kind}/{id}/status` },
    })
    const beat = (id: string) => publish(`${kind}/${id}/telemetry`, '{"v":1}')
    await waitFor(async () => {
      await beat('quiet')
      const { steps } = await world.http('POST', '/api/routes/test', {
        ...{ topic: `${kind}/quiet/telemetry`, payload: 1 },
      })
      return steps.some(({ step }: Json) => step === 'heartbeat')
    })
    await beat('quiet')
    const since = Date.now()
    const loud = setInterval(() => void beat('loud'), 300)
    try {
      const [alert] = await waitFor(async () => {
        const found = await openAlerts('device_silent', 'quiet')
        return found.length > 0 ? found : null
      })
      const after = Date.parse(alert.created_at) - since
      expect(after).toBeGreaterThan(1900)
      expect(after).toBeLessThan(10_000)
      expect(alert).toMatchObject({
        message: 'No message from quiet for 2 s.',
        labels: { id: 'quiet' },
      })
      await beat('quiet')
      await waitFor(async () => (await openAlerts('device_silent', 'quiet')).length === 0)

      clearInterval(loud)
      await publish(`${kind}/loud/status`, 'offline')
      await waitFor(async () => (await openAlerts('device_silent', 'loud')).length === 1)
      await publish(`${kind}/loud/status`, 'online')
      await waitFor(async () => (await openAlerts('device_silent', 'loud')).length === 0)
    } finally {
      clearInterval(loud)
    }
    expect((await world.http('GET', `/api/heartbeats/${kind}`)).timeout_seconds).toBe(2)
    await world.http('DELETE', `/api/heartbeats/${kind}`)
    expect((await world.service.api('GET', `/api/heartbeats/${kind}`)).status).toBe(404)
  })
})
