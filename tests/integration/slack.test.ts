import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { slackSignature } from '../../services/hooks/slack-signature.ts'
import { fresh, type Json, World } from '../stories/world.ts'
import { startSurroundings } from '../support/service.ts'
import type { HttpVendor } from '../support/vendors/http-vendor.ts'
import { pressSlack, SLACK_SECRET, SLACK_TOKEN, startSlack } from '../support/vendors/slack.ts'
import { waitFor } from '../support/wait-for.ts'

it('[semantics 4.13] a signature is the one of Slack’s own documentation', () => {
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c'
  expect(slackSignature('8f742231b10e8888abcd99yyyzzz85a5', '1531420618', body)).toBe(
    'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  )
})

describe('alerts are answered in Slack', () => {
  let world: World
  let slack: HttpVendor

  beforeAll(async () => {
    slack = await startSlack()
    world = await World.open({
      surroundings: await startSurroundings('embedded'),
      env: {
        OUTBOUND_ALLOW: '127.0.0.1',
        SLACK_BOT_TOKEN: SLACK_TOKEN,
        SLACK_API_URL: `${slack.url}/api`,
        SLACK_SIGNING_SECRET: SLACK_SECRET,
      },
    })
  })
  afterAll(async () => {
    await world?.close()
    await slack?.stop()
  })

  const show = (id: string): Promise<Json> => world.http('GET', `/api/alerts/${id}`)

  /** An alert that somebody hears of in Slack, with what was posted there. */
  async function raise(member: string, data: object = {}) {
    const [user, type] = [fresh('ada'), fresh('fire')]
    const profile = { slack_webhook_url: `slack://${member}`, data }
    await world.http('PUT', `/api/users/${user}`, profile)
    await world.http('POST', `/api/oncall/${type}`, { members: [user] })
    const report = { type, message: 'It burns & smokes', source: 'hall 3' }
    const { alert_id: id } = await world.http('POST', '/api/alerts', report)
    const message = await waitFor(
      () =>
        slack.posts.find(({ body }) => body.includes(type) && body.includes('alert-acknowledge'))
          ?.json,
    )
    return { id, user, type, message }
  }

  const press = (member: string, message: Json, actionId: string, more: object = {}) =>
    pressSlack({
      ...{ url: `${world.service.url}/hooks/slack`, slackUrl: slack.url },
      ...{ member, message, actionId, ...more },
    })

  const updateOf = (type: string, word: string): Promise<Json> =>
    waitFor(
      () =>
        slack.posts.find(
          ({ path, body }) =>
            path.startsWith('/actions/') && body.includes(type) && body.includes(word),
        )?.json,
    )

  it('the buttons acknowledge and resolve as the person whose Slack it is, and the message says so', async () => {
    const { id, user, type, message } = await raise('U0042')
    const actions = message.blocks.find((block: Json) => block.type === 'actions').elements
    expect(actions.map(({ text }: Json) => text.text)).toEqual(['Acknowledge', 'Resolve'])

    const answer = await press('U0042', message, 'alert-acknowledge-0')
    expect([answer.status, await answer.text()]).toEqual([200, ''])
    expect(await show(id)).toMatchObject({ status: 'acknowledged', acknowledged_by: user })
    const acknowledged = await updateOf(type, 'Acknowledged by')
    expect(JSON.stringify(acknowledged.blocks)).toContain(`Acknowledged by ${user}`)
    const left = acknowledged.blocks.find((block: Json) => block.type === 'actions').elements
    expect(left.map(({ text }: Json) => text.text)).toEqual(['Resolve'])

    await press('U0042', acknowledged, 'alert-resolve-0')
    expect(await show(id)).toMatchObject({ status: 'resolved', resolved_by: user })
    const resolved = await updateOf(type, 'Resolved by')
    expect(resolved.blocks.filter((block: Json) => block.type === 'actions')).toEqual([])

    // Somebody presses on an old view: nothing changes, he sees how it is.
    slack.clear()
    expect((await press('U0042', message, 'alert-acknowledge-0')).status).toBe(200)
    await updateOf(type, `Resolved by ${user}`)
    expect(await show(id)).toMatchObject({ status: 'resolved' })
  })

  it('in a channel, a colleague is known by data.slack_id, and a stranger by his id at Slack', async () => {
    const known = await raise('C0077', { slack_id: 'U0088' })
    await press('U0088', known.message, 'alert-acknowledge-0')
    expect(await show(known.id)).toMatchObject({ acknowledged_by: known.user })
    const other = await raise('C0078', { slack_id: 'U0088' })
    await press('U0099', other.message, 'alert-acknowledge-0')
    expect(await show(other.id)).toMatchObject({ acknowledged_by: 'slack:U0099' })
    const update = await updateOf(other.type, 'Acknowledged by')
    expect(JSON.stringify(update.blocks)).toContain('<@U0099>')
  })

  it('what is forged, stale or changed is refused', async () => {
    const { id, message } = await raise('U0043')
    const at = (more: object) => press('U0043', message, 'alert-acknowledge-0', more)
    expect((await at({ secret: 'another' })).status).toBe(401)
    expect((await at({ ageSeconds: 400 })).status).toBe(401)
    expect((await at({ ageSeconds: -400 })).status).toBe(401)
    const bare = await fetch(`${world.service.url}/hooks/slack`, { method: 'POST', body: 'x=1' })
    expect(bare.status).toBe(401)
    expect((await show(id)).status).toBe('triggered')
  })

  it('nothing of a signature or the secret is in the log', () => {
    expect(world.service.log()).not.toContain(SLACK_SECRET)
  })
})
