import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requireServer } from '../support/servers.ts'
import type { Parts } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'
import { EveryChannel } from './support/every-channel.ts'
import { note } from './support/figures.ts'
import { Sender } from './support/sender.ts'
import { Stage } from './support/stage.ts'
import type { Json } from './support/store-view.ts'

const REPORTS = 10_000
const SECONDS = 10
/** After so many the other alert is thought to wait for the end. */
const MOST_REPORTS = 5 * REPORTS
const hasServers = requireServer('mosquitto') && requireServer('redis-server')
const ONE_EACH = { slack: 1, discord: 1, webhook: 1, sms: 1, push: 1 }
const PARTS: readonly Parts[] = hasServers ? ['embedded', 'external'] : ['embedded']

let stage: Stage
let sender: Sender
let channels: EveryChannel
beforeEach(async () => {
  channels = await EveryChannel.open()
})
afterEach(async () => {
  await sender?.close()
  await stage?.close()
  await channels.close()
})

const alertsOf = async (type: string): Promise<Json[]> =>
  (await stage.http('GET', '/api/alerts?limit=100')).data.filter((one: Json) => one.type === type)
const heard = async (user: string): Promise<Json[]> =>
  (await stage.http('GET', `/api/notifications?user_id=${user}&limit=100`)).data
const mailsTo = (user: string) =>
  stage.smtp.mails.filter(({ to }) => to.includes(`${user}@example.com`))

describe.each(PARTS)('[S1-048 semantics 4.13] a storm on %s', (parts) => {
  it('600 changing readings of one source are one alert, and a resolve in other words ends it', async () => {
    stage = await Stage.open({ parts })
    await stage.introduce(['ada'])
    await stage.http('POST', '/api/oncall/heat', { members: ['ada'] })
    sender = await Sender.connect(stage.service.mqttUrl)
    const topic = 'notifications/alerts/critical/heat'
    const say = (payload: object) => ({ topic, payload, qos: 1 }) as const
    await sender.send(
      Array.from({ length: 600 }, (_, n) =>
        say({ message: `${(31.2 + n / 10).toFixed(1)} °C`, source: 'pump-7' }),
      ),
    )
    await waitFor(async () => (await alertsOf('heat'))[0]?.count === 600)
    expect(await alertsOf('heat')).toHaveLength(1)
    await waitFor(async () => (await heard('ada')).length >= 1)
    await sender.send([say({ message: 'Cool again', source: 'pump-7', action: 'resolve' })])
    await waitFor(async () => (await alertsOf('heat')).length === 0)
    await waitFor(async () => (await heard('ada')).length >= 2)
    expect((await heard('ada')).map(({ type }) => type)).toEqual([
      ...['alert.resolved', 'alert.critical'],
    ])
  })

  it('ten thousand equal critical alerts in ten seconds are one alert and one message to each on every channel; another is not delayed', async () => {
    stage = await Stage.open({ parts, env: channels.env })
    for (const user of ['ada', 'bob', 'joan']) await channels.introduce(stage, user)
    await stage.http('POST', '/api/oncall/pump', { members: ['ada', 'bob'] })
    await stage.http('POST', '/api/oncall/door', { members: ['joan'] })
    sender = await Sender.connect(stage.service.mqttUrl)
    const report = {
      topic: 'notifications/alerts/critical/pump',
      payload: { message: 'The pump stands still', source: 'pump-7' },
      qos: 1,
    } as const
    const slice = REPORTS / SECONDS / 10
    const startedAt = performance.now()
    const until = (at: number) =>
      new Promise((resolve) => setTimeout(resolve, Math.max(0, at - performance.now())))
    const other = new OtherAlert()
    let sent = 0
    // It goes on until the other is told: on a slow machine that takes as long as it takes.
    for (let tenth = 0; sent < REPORTS || (other.toldMs === null && sent < MOST_REPORTS); tenth++) {
      await sender.send(Array.from({ length: slice }, () => report))
      sent += slice
      if (tenth === 20) other.raise()
      await until(startedAt + (tenth + 1) * 100)
    }
    const tookMs = performance.now() - startedAt
    const otherMs = other.toldMs
    expect(otherMs, 'the other was not told while the storm went on').not.toBeNull()
    await waitFor(async () => (await alertsOf('pump'))[0]?.count === sent, {
      message: 'not every report was counted',
      deadlineMs: 60_000,
    })
    await waitFor(() => ['ada', 'bob'].every((user) => mailsTo(user).length > 0))
    await stage.quiet(90_000)
    expect(await alertsOf('pump')).toHaveLength(1)
    for (const user of ['ada', 'bob']) {
      expect(await heard(user)).toHaveLength(1)
      expect(mailsTo(user)).toHaveLength(1)
    }
    for (const user of ['ada', 'bob', 'joan']) {
      expect(channels.countsOf(user)).toEqual(ONE_EACH)
    }
    note(`alert storm, ${parts}`, {
      reports: sent,
      'took ms': Math.round(tookMs),
      'another alert told after ms': Math.round(otherMs ?? 0),
    })
    expect(stage.crashes()).toEqual([])
  })
})

/** An alert of another type, until somebody has it in his inbox. */
class OtherAlert {
  /** How long that took, in ms. */
  toldMs: number | null = null

  raise(): void {
    const raisedAt = performance.now()
    const alert = { type: 'door', message: 'The door is open', source: 'gate' }
    stage
      .http('POST', '/api/alerts', alert)
      .then(() => waitFor(async () => (await heard('joan')).length > 0, { deadlineMs: 120_000 }))
      .then(() => {
        this.toldMs = performance.now() - raisedAt
      })
      .catch(() => undefined)
  }
}
