import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fresh, type Json, World } from '../stories/world.ts'
import { startSurroundings } from '../support/service.ts'
import { waitFor } from '../support/wait-for.ts'

const PUBLIC_URL = 'https://alerts.example.com'

describe('links in messages', () => {
  let world: World
  beforeAll(async () => {
    world = await World.open({
      surroundings: await startSurroundings('embedded'),
      env: { BELFRY_PUBLIC_URL: PUBLIC_URL, MAIL_TRACKING: 'opens,clicks' },
    })
  })
  afterAll(() => world?.close())

  const get = (path: string, init: RequestInit = {}) =>
    fetch(world.service.url + path, { redirect: 'manual', ...init })
  const post = (path: string, body = '') =>
    get(path, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
  const pathIn = (text: string, letter: string) =>
    new RegExp(`${PUBLIC_URL}(/${letter}/[\\w.-]+)`).exec(text)?.[1] ?? ''
  const person = async () => {
    const user = fresh('ada')
    await world.http('PUT', `/api/users/${user}`, { email: `${user}@example.com` })
    return user
  }
  const raise = async (user: string) => {
    const type = fresh('fire')
    await world.http('POST', `/api/oncall/${type}`, { members: [user] })
    const { alert_id: id } = await world.http('POST', '/api/alerts', {
      ...{ type, message: 'It <b>burns</b>', source: 'hall 3' },
    })
    const mail = await world.sent('email', `${user}@example.com`)
    return { id, type, mail, path: pathIn(mail.text, 'a') }
  }
  const show = (id: string): Promise<Json> => world.http('GET', `/api/alerts/${id}`)

  it('[S1-057 G-08] opening the link of an alert changes nothing, its button acknowledges once', async () => {
    const user = await person()
    const { id, path, type } = await raise(user)
    const shown = await get(path)
    expect(shown.status).toBe(200)
    expect(shown.headers.get('content-security-policy')).toMatch(/default-src 'none'/)
    expect(shown.headers.get('cache-control')).toBe('no-store')
    const page = await shown.text()
    expect(page).toContain(`CRITICAL: ${type}`)
    expect(page).toContain('It &lt;b&gt;burns&lt;/b&gt;')
    expect(page).not.toContain('<script')
    expect((await get(path, { method: 'HEAD' })).status).toBe(200)
    expect((await show(id)).status).toBe('triggered')

    expect(await (await post(path)).text()).toContain(`Acknowledged by ${user}`)
    expect(await show(id)).toMatchObject({ status: 'acknowledged', acknowledged_by: user })
    expect(await (await get(path)).text()).toContain(`Acknowledged by ${user}`)
    await world.notification(user, (record) => record.type === 'alert.acknowledged')

    await world.http('POST', `/api/alerts/${id}/unack`, {})
    const used = await post(path)
    expect(used.status).toBe(410)
    expect(await used.text()).toContain('used before')
    expect((await show(id)).status).toBe('triggered')
    await world.http('POST', `/api/alerts/${id}/resolve`, { user_id: 'bob' })
    expect(await (await post(path)).text()).toContain('Resolved by bob')
  })

  it('a link that was changed, or is of another kind, does nothing', async () => {
    const { id, path } = await raise(await person())
    const token = path.slice(3)
    const forged = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`
    for (const bad of [forged, 'x', `${token}x`, token.split('.')[0]]) {
      expect((await post(`/a/${bad}`)).status).toBe(404)
    }
    expect((await post(`/u/${token}`)).status).toBe(404)
    expect((await get(`/c/${token}`)).status).toBe(422)
    expect((await show(id)).status).toBe('triggered')
  })

  it('all mails of one alert are one thread, and none of them offers to unsubscribe', async () => {
    const user = await person()
    const { id, mail } = await raise(user)
    await world.http('POST', `/api/alerts/${id}/resolve`, { user_id: user })
    const mails = await waitFor(async () => {
      const all = await world.outboxOf('email', `${user}@example.com`)
      return all.length === 2 ? all : null
    })
    const headers: Json[] = mails.map(({ content }: Json) => content.headers)
    for (const each of headers) {
      expect(each.References).toBe(`<alert-${id}@localhost>`)
      expect(each['In-Reply-To']).toBe(each.References)
      expect(each['List-Unsubscribe']).toBeUndefined()
    }
    expect(headers[0]['Message-ID']).not.toBe(headers[1]['Message-ID'])
    expect(mail.html).toContain(pathIn(mail.text, 'a'))
  })

  it.each([
    ['a form', 'application/x-www-form-urlencoded', 'List-Unsubscribe=One-Click'],
    [
      'multipart',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b--\r\n',
    ],
  ])('one click as %s unsubscribes from a category by mail alone', async (_name, type, body) => {
    const user = await person()
    const category = fresh('offers')
    const send = (message: string, priority = 'high') =>
      world.http('POST', '/api/notifications', {
        ...{ to: `user:${user}`, message, type: 'sale', priority, data: { category } },
        channels: ['email', 'realtime'],
      })
    await send('Cheap pumps')
    const mail = await world.sent('email', `${user}@example.com`)
    const { headers } = mail.content
    expect(headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click')
    const path = pathIn(headers['List-Unsubscribe'], 'u')
    expect(mail.text).toContain(path)
    expect(await (await get(path)).text()).toContain(`“${category}”`)
    expect((await world.http('GET', `/api/users/${user}/preferences`)).categories).toEqual({})

    const answer = await get(path, { method: 'POST', body, headers: { 'content-type': type } })
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringContaining('Unsubscribed'),
    ])
    const { categories } = await world.http('GET', `/api/users/${user}/preferences`)
    expect(categories).toEqual({ [category]: { email: false } })
    await send('Cheaper pumps')
    const record = await world.notification(user, ({ message }) => message === 'Cheaper pumps')
    expect(record).toMatchObject({ channels: ['realtime'], skipped: { email: 'preference' } })
  })

  it('opens and clicks are kept on the notification; a click leads only where it was signed for', async () => {
    const user = await person()
    const url = 'https://shop.example.com/pumps?a=1&b=2'
    await world.http('POST', '/api/notifications', {
      ...{ to: `user:${user}`, message: 'Look', priority: 'high' },
      actions: [{ type: 'view', label: 'Look', url }],
    })
    const mail = await world.sent('email', `${user}@example.com`)
    const pixel = await get(pathIn(mail.html, 'o'))
    expect(pixel.headers.get('content-type')).toBe('image/gif')
    const seen = await world.notification(user)
    expect(seen).toMatchObject({ read: false, seen_at: expect.any(String) })
    const click = await get(pathIn(mail.text, 'c'))
    expect([click.status, click.headers.get('location')]).toEqual([302, url])
    expect(await world.notification(user)).toMatchObject({
      ...{ read: true, seen_at: seen.seen_at, clicked_at: expect.any(String) },
    })
    expect((await world.inbox(user)).unread_count).toBe(0)
  })

  it.each([
    ['a few', 'straße/дорога'],
    ['many', 'дорога/'.repeat(40)],
  ])('a click on an address with %s letters that are not ASCII leads there', async (_, words) => {
    const user = await person()
    const url = `https://example.com/${words}`
    await world.http('POST', '/api/notifications', {
      ...{ to: `user:${user}`, message: 'Look', priority: 'high' },
      actions: [{ type: 'view', label: 'Look', url }],
    })
    const mail = await world.sent('email', `${user}@example.com`)
    const [, shown = ''] = /^Look: (\S+)$/m.exec(mail.text) ?? []
    const path = shown.startsWith(PUBLIC_URL) ? shown.slice(PUBLIC_URL.length) : null
    const click = path === null ? null : await get(path)
    const leadsTo = click === null ? shown : click.headers.get('location')
    expect([click?.status ?? 302, leadsTo]).toEqual([302, new URL(url).href])
  })
})

it('nobody is watched unless the operator wants it, and links outlive a restart', async () => {
  const world = await World.open({ surroundings: await startSurroundings('embedded') })
  try {
    const [user, type] = [fresh('ada'), fresh('fire')]
    await world.http('PUT', `/api/users/${user}`, { email: `${user}@example.com` })
    await world.http('POST', '/api/notifications', {
      ...{ to: `user:${user}`, message: 'Look', priority: 'high' },
      actions: [{ type: 'view', label: 'Look', url: 'https://shop.example.com/' }],
    })
    const mail = await world.sent('email', `${user}@example.com`)
    expect(mail.html).not.toContain('<img')
    expect(mail.text).toContain('https://shop.example.com/')
    await world.http('POST', `/api/oncall/${type}`, { members: [user] })
    const { alert_id } = await world.http('POST', '/api/alerts', { type, message: 'It burns' })
    const alert = await waitFor(async () =>
      (await world.outboxOf('email', `${user}@example.com`)).find(({ text }) =>
        text.includes('/a/'),
      ),
    )
    await world.service.restart()
    const [url = ''] = /http:\S+\/a\/\S+/.exec(alert.text) ?? []
    expect(new URL(url).origin).toBe(world.service.url)
    expect((await fetch(url, { method: 'POST' })).status).toBe(200)
    expect((await world.http('GET', `/api/alerts/${alert_id}`)).status).toBe('acknowledged')
  } finally {
    await world.close()
  }
})
