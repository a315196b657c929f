import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inbox, NotFound, type OwnDelivery } from '../../src/index.ts'
import { waitForNotifications } from '../../src/testing/index.ts'
import { type OwnBelfry, startOwn } from '../support/own-belfry.ts'
import { waitFor } from '../support/wait-for.ts'

interface Product {
  readonly id: string
  readonly organisation: string | null
  readonly creator: string
}

const PRODUCTS = new Map<string, Product>([
  ['owned', { id: 'owned', organisation: 'acme', creator: 'maker' }],
  ['own', { id: 'own', organisation: null, creator: 'maker' }],
])
const ADMINS = ['admin-1', 'admin-2', 'maker']

let belfry: OwnBelfry
let isStoreOfProductsAway = false
const answers: boolean[] = []
const paged: OwnDelivery[] = []

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
type Json = any

const api = async (method: string, path: string, body?: object): Promise<Json> => {
  const answer = await fetch(`${belfry.app.url}/api${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  return { ...(text === '' ? {} : (JSON.parse(text) as object)), status: answer.status }
}
const settled = (id: string) =>
  waitFor(
    async () => {
      const record = await belfry.app.services.events.find(id)
      return ['processed', 'failed'].includes(record.status) && record
    },
    { deadlineMs: 30_000 },
  )

/** Seed 003's handler: the creator, and the administrators of the organisation; `true` where somebody is told. */
async function handleProductCreated(payload: { product_id?: string; person_id?: string }) {
  const { notifiableEvents } = belfry.app.services
  if (isStoreOfProductsAway) throw new Error('no connection to the products')
  const product = PRODUCTS.get(payload.product_id ?? '')
  if (product === undefined) return void answers.push(false)
  const people = new Set([product.creator, ...(product.organisation === null ? [] : ADMINS)])
  const ids = await Promise.all(
    [...people].map((userId) =>
      notifiableEvents.create({ eventType: 'product.created', userId, params: { ...payload } }),
    ),
  )
  answers.push(ids.length > 0)
}

beforeAll(async () => {
  belfry = await startOwn({
    eventTypes: [{ name: 'product.created', displayName: 'Product Created', retentionHours: 72 }],
    channels: {
      pager: {
        async send(delivery: OwnDelivery) {
          paged.push(delivery)
        },
      },
    },
    routes({ listen }) {
      listen('product.created', handleProductCreated)
    },
  })
  for (const id of [...ADMINS, 'solo'])
    await api('PUT', `/users/${id}`, { email: `${id}@a.example` })
})
afterAll(() => belfry?.[Symbol.asyncDispose]())

describe('the records of seed 003', () => {
  it('[S3-015 S3-016 S3-017 S4-010 S4-023 S4-024] templates: made, checked, changed, removed', async () => {
    const words = { permitted_params: 'name,url', message_template: 'See {name} at {url}' }
    const wrong = await api('POST', '/templates', {
      ...{ event_type: 'e'.repeat(51), title_template: '{owner}' },
      ...{ message_template: 'x'.repeat(4001), permitted_params: ['p'.repeat(501)] },
    })
    expect(wrong.status).toBe(422)
    const made = await api('POST', '/templates', {
      ...{ event_type: 'product.created', title_template: 'New: {name}', ...words },
      channels: { email: { title: 'Mail: {name}', message: 'By mail: {name}, {url}' } },
    })
    expect(made).toMatchObject({
      ...{ status: 201, name: 'product.created', notification_type: 'info', is_active: true },
      permitted_params: ['name', 'url'],
    })
    const unknown = await api('PUT', `/templates/${made.id}`, { title_template: '{owner}' })
    expect(unknown.issues[0].message).toBe('{owner} is not one of the permitted parameters')
    expect((await api('POST', '/templates', { name: 'product.created', ...words })).status).toBe(
      409,
    )
    const other = await api('POST', '/templates', { name: 'other', ...words })
    expect((await api('PUT', '/templates/other', { is_active: false })).version).toBe(2)
    expect((await api('DELETE', `/templates/${other.id}`)).status).toBe(200)
    expect((await api('GET', '/templates/other')).status).toBe(404)
    const { data } = await api('GET', '/templates')
    expect(data.map(({ name }: Json) => name)).toEqual(['product.created'])
  })

  it('[S3-004 S3-008 S3-009 S3-014 S3-018 S3-019 S3-020 S3-025 S3-027] a product: creator and administrators, in the app and by mail', async () => {
    const id = await belfry.app.publish('product.created', {
      ...{ product_id: 'owned', name: 'Lamp', url: '/lamp' },
    })
    await settled(id)
    expect(answers.at(-1)).toBe(true)
    for (const user of ADMINS) {
      const [found] = await waitForNotifications(user)
      expect(found).toMatchObject({ title: 'New: Lamp', message: 'See Lamp at /lamp', read: false })
    }
    const mails = await belfry.outbox('email', 3)
    expect(mails.map(({ subject }) => subject)).toEqual(['Mail: Lamp', 'Mail: Lamp', 'Mail: Lamp'])
    const [app] = await inbox('maker').get()
    const { services } = belfry.app
    const delivery = await waitFor(async () => {
      const found = await services.queues.delivery(`${app?.id}.email`)
      return found.status === 'sent' && found
    })
    expect(delivery).toMatchObject({ user_id: 'maker', notification_id: app?.id })
    await settled(await belfry.app.publish('product.created', { name: 'no id' }))
    expect(answers.at(-1)).toBe(false)
  })

  it('[S3-003 S3-010 S3-012 S3-037 X-14] an event has its end, words and wishes have none; times come in both forms', async () => {
    await api('PUT', '/users/solo/preferences', { types: { 'product.created': 'Both' } })
    const id = await belfry.app.publish('product.created', {
      product_id: 'own',
      name: 'Chair',
      url: '/',
    })
    const { created_at, delete_at, status } = await settled(id)
    expect(status).toBe('processed')
    expect(Date.parse(delete_at) - Date.parse(created_at)).toBe(72 * 3_600_000)
    const [found] = await inbox('maker').get()
    const { timestamp, created_at: at } = found as never as {
      timestamp: number
      created_at: string
    }
    expect(timestamp).toBeCloseTo(Date.parse(at) / 1000, 2)
  })

  it('[S3-025 S3-038 S3-040] a handler that throws is asked again, and what it threw is logged', async () => {
    isStoreOfProductsAway = true
    const id = await belfry.app.publish('product.created', {
      product_id: 'own',
      name: 'Desk',
      url: '/',
    })
    await waitFor(async () => (await belfry.app.services.events.find(id)).error !== null)
    expect((await belfry.app.services.events.find(id)).error).toContain(
      'no connection to the products',
    )
    isStoreOfProductsAway = false
    expect(await settled(id)).toMatchObject({ status: 'processed', error: null })
    await waitForNotifications('maker', { where: ({ title }) => title === 'New: Desk' })
  })

  it('[S3-021 S3-030] a template that cannot be rendered leaves a notification in general words', async () => {
    await settled(
      await belfry.app.publish('product.created', { product_id: 'own', name: 'no url' }),
    )
    await waitForNotifications('maker', { where: ({ message }) => message === 'Product Created' })
    expect(belfry.lines.join('\n')).toContain('a template could not be rendered')
  })

  it('[S3-031 S3-032] unread ones newest first; marking somebody else’s does nothing', async () => {
    const unread = await inbox('maker').unread().get()
    const ids = unread.map(({ id }) => id)
    const times = unread.map(({ created_at }) => created_at)
    expect(times).toEqual([...times].sort().reverse())
    const own = belfry.app.services.inbox
    await expect(own.markRead('solo', ids[0]!)).rejects.toBeInstanceOf(NotFound)
    await own.markRead('maker', ids[0]!)
    expect(await inbox('maker').unread().count()).toBe(ids.length - 1)
  })

  it('[S3-039] one event tells one person once, however often it is said', async () => {
    const { notifiableEvents } = belfry.app.services
    const wanted = { eventType: 'product.created', userId: 'solo', eventId: 'e-1' }
    const params = { name: 'Once', url: '/' }
    const ids = await Promise.all(
      [1, 2, 3].map(() => notifiableEvents.create({ ...wanted, params })),
    )
    expect(new Set(ids).size).toBe(1)
    await waitForNotifications('solo', { where: ({ title }) => title === 'New: Once' })
  })

  it('[S3-042 S3-043] a new type of event, and a new channel, take a line each', async () => {
    const type = { display_name: 'Bug reported', conditions: ['payload.severity != trivial'] }
    expect((await api('PUT', '/event-types/bug.reported', type)).status).toBe(200)
    const fields = {
      permitted_params: ['title'],
      title_template: 'Bug: {title}',
      message_template: '{title}',
    }
    await api('POST', '/templates', { event_type: 'bug.reported', ...fields })
    for (const severity of ['trivial', 'serious']) {
      const payload = { title: severity, severity }
      await api('POST', '/events', { name: 'bug.reported', payload, target_users: ['solo'] })
    }
    await waitForNotifications('solo', { where: ({ title }) => title.startsWith('Bug:') })
    const sent = await api('POST', '/notifications', {
      to: 'user:solo',
      message: 'Ring',
      channels: ['pager'],
    })
    expect(sent.notifications[0].channels).toEqual(['pager'])
    await waitFor(() => paged.length === 1)
    expect(paged[0]).toMatchObject({ userId: 'solo', address: 'solo' })
  })
})
