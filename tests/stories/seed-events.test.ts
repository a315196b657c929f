import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { DirectMessageNotification } from '../../notifications/index.ts'
import { entity, inbox, Notification } from '../../src/index.ts'
import { waitForNotifications } from '../../src/testing/index.ts'
import { Device } from '../support/mqtt-device.ts'
import { type OwnBelfry, startOwn } from '../support/own-belfry.ts'
import { waitFor } from '../support/wait-for.ts'

interface Product {
  readonly id: string
  readonly organisation: string | null
  readonly person: string | null
}

const PRODUCTS = new Map<string, Product>([
  ['p1', { id: 'p1', organisation: 'acme', person: null }],
  ['p2', { id: 'p2', organisation: null, person: 'solo' }],
])
const MANAGERS = { organisation: ['boss', 'both'], product: ['manager', 'both'] }

/** Managers of the organisation and of the product, else its person, else whoever the event names. */
function stakeholders(productId: string | undefined, personId: string | undefined): Set<string> {
  const product = PRODUCTS.get(productId ?? '')
  if (product === undefined) return new Set()
  if (product.organisation !== null) {
    return new Set([...MANAGERS.organisation, ...MANAGERS.product])
  }
  return new Set([product.person ?? personId].filter((each) => each !== undefined))
}

/** Seeds 003 and 004, told with queues and without. */
describe.each(['queued', 'sync'] as const)(
  '[S3-002] seeds 003 and 004 in TypeScript, events %s',
  (mode) => {
    let belfry: OwnBelfry
    const calls: string[] = []

    const api = async (method: string, path: string, body?: unknown) => {
      const answer = await fetch(`${belfry.app.url}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      return { status: answer.status, body: (await answer.json()) as Record<string, never> }
    }
    const event = (id: string) => belfry.app.services.events.find(id)
    const settled = (id: string) =>
      waitFor(async () => {
        const record = await event(id)
        return ['processed', 'failed'].includes(record.status) && record
      })

    beforeAll(async () => {
      belfry = await startOwn({
        env: { EVENT_PROCESSING: mode },
        eventTypes: [
          {
            name: 'product.created',
            displayName: 'Product Created',
            schema: z.object({
              product_id: z.string().optional(),
              name: z.string().default('a product'),
              url: z.string().default('/'),
              organisation_id: z.string().nullish(),
              person_id: z.string().nullish(),
            }),
          },
          { name: 'product.updated', displayName: 'Product Updated', retentionHours: 1 },
          { name: 'survey.due', displayName: 'Survey Due', needsPreferences: true },
        ],
        routes({ listen, services }) {
          listen<{ product_id?: string; person_id?: string; name: string; url: string }>(
            'product.created',
            async function handleProductCreated(payload) {
              for (const userId of stakeholders(payload.product_id, payload.person_id)) {
                const params = { ...payload }
                const eventType = 'product.created'
                await services.notifiableEvents.create({ eventType, userId, params })
              }
            },
          )
          listen('flaky.thing', async function flaky() {
            calls.push('flaky')
            if (calls.filter((call) => call === 'flaky').length < 2) throw new Error('not yet')
          })
          listen('flaky.thing', function steady() {
            calls.push('steady')
          })
        },
      })
      const { status } = await api('POST', '/api/templates', {
        name: 'product.created',
        event_type: 'product.created',
        permitted_params: ['name', 'url'],
        title_template: 'New product: {name}',
        message_template: 'See {name} at {url}.',
      })
      expect(status).toBe(201)
    })
    afterAll(() => belfry?.[Symbol.asyncDispose]())

    it('[S3-001 S3-013 S3-022 S3-023 S3-024 S3-026] product.created tells every stakeholder once, in the words of its template', async () => {
      const payload = { product_id: 'p1', name: 'Lamp', url: '/lamp' }
      const id = await belfry.app.publish('product.created', payload)
      expect(await settled(id)).toMatchObject({ status: 'processed', attempts: 1, error: null })
      for (const user of ['boss', 'manager', 'both']) {
        const found = await waitForNotifications(user)
        expect(found[0]).toMatchObject({
          title: 'New product: Lamp',
          message: 'See Lamp at /lamp.',
        })
      }
      await belfry.app.publish('product.created', { product_id: 'p2' })
      await waitForNotifications('solo')
    })

    it('[S3-005 S3-006 S3-007 X-12] only on the channels that each person wants for this type', async () => {
      await api('PUT', '/api/users/solo/preferences', { types: { 'product.created': 'Email' } })
      await belfry.app.services.directory.save('solo', { email: 'solo@example.com' })
      const before = await inbox('solo').count()
      await belfry.app.publish('product.created', { product_id: 'p2', name: 'Chair' })
      await waitFor(async () => {
        const mails = await belfry.outbox('email')
        return mails.some(({ subject }) => subject === 'New product: Chair')
      })
      expect(await inbox('solo').count()).toBe(before)
    })

    it('[S3-021 S3-028 S3-029 X-13] without template or preferences it says in general terms what happened, and logs why', async () => {
      const to = { targetUsers: ['nobody-in-particular'] }
      await belfry.app.publish('product.updated', { name: 'Lamp' }, to)
      const [found] = await waitForNotifications('nobody-in-particular')
      expect(found).toMatchObject({ title: 'Notification', message: 'Product Updated' })
      const log = belfry.lines.join('\n')
      expect(log).toContain('there is no template for events of this type')
      expect(log).toContain('this user has not said what he wants')
      const strict = await belfry.app.publish('survey.due', {}, { targetUsers: ['unasked'] })
      await settled(strict)
      expect(await inbox('unasked').count()).toBe(0)
    })

    it('[S3-022 S3-037] a payload of the wrong shape is refused; types are listed', async () => {
      const wrong = { name: 'product.created', payload: { name: 7 } }
      expect((await api('POST', '/api/events', wrong)).status).toBe(422)
      const { body } = await api('GET', '/api/event-types')
      expect(body.data).toContainEqual(
        expect.objectContaining({
          name: 'product.updated',
          retention_hours: 1,
          category: 'product',
        }),
      )
    })

    it('[S3-038 S3-041] a listener that fails is asked again, alone; the others are done', async () => {
      calls.length = 0
      const device = await Device.connect(`mqtt://127.0.0.1:${belfry.app.mqttPort}`, '311')
      const reply = await device.ask('events/flaky.thing', { n: 1 })
      await device.close()
      const { attempts } = await waitFor(
        async () => {
          const record = await event(String(reply.event_id))
          return record.status === 'processed' && record
        },
        { deadlineMs: 45_000 },
      )
      expect(attempts).toBe(2)
      expect(calls).toEqual(['flaky', 'steady', 'flaky'])
    })

    it('a CloudEvent on MQTT is taken out of its envelope, and is one event however often it comes', async () => {
      const source = `/shop/${mode}`
      const event = {
        specversion: '1.0',
        id: '1',
        source,
        type: 'com.shop.order',
        data: { order: 7 },
      }
      const device = await Device.connect(`mqtt://127.0.0.1:${belfry.app.mqttPort}`, '311')
      const first = await device.ask('events/order.shipped', event)
      const again = await device.ask('events/order.shipped', event)
      const wrong = await device.ask('events/order.shipped', { ...event, specversion: '0.3' })
      const plain = await device.ask('events/order.shipped', { specversion: '1.0', order: 8 })
      await device.close()
      expect(await belfry.app.services.events.find(first.event_id)).toMatchObject({
        type: 'order.shipped',
        payload: { order: 7, cloudevent: { id: '1', source, type: 'com.shop.order' } },
      })
      expect(again.event_id).toBe(first.event_id)
      expect(wrong.error).toMatchObject({
        ...{ code: 'invalid_payload', issues: [{ path: 'specversion' }] },
      })
      expect(await belfry.app.services.events.find(plain.event_id)).toMatchObject({
        payload: { specversion: '1.0', order: 8 },
      })
    })

    it('[S4-017 S4-018] create_event and process_event: those whom an event names are told', async () => {
      await api('POST', '/api/templates', {
        name: 'stage_update',
        event_type: 'stage_update',
        permitted_params: ['stage_title', 'new_status'],
        title_template: 'Stage mis à jour',
        message_template: '{stage_title}: {new_status}',
      })
      const { status, body } = await api('POST', '/api/events', {
        name: 'stage_update',
        payload: { stage_id: 3, stage_title: 'Développeur', new_status: 'en_cours' },
        target_users: ['stagiaire', 'tuteur'],
      })
      expect(status).toBe(202)
      expect(await settled(String(body.event_id))).toMatchObject({
        status: 'processed',
        target_users: ['stagiaire', 'tuteur'],
        processed_at: expect.stringMatching(/Z$/),
      })
      for (const user of ['stagiaire', 'tuteur']) {
        const [found] = await waitForNotifications(user)
        expect(found?.message).toBe('Développeur: en_cours')
      }
    })

    it('[S4-019 S4-020 S4-021] a direct message, one to many, and one to a role', async () => {
      const words = { title: 'Nouveau stage assigné', message: 'Un stage a été assigné: A' }
      await Notification.send('s1', new DirectMessageNotification(words))
      await Notification.send(
        ['s1', 's2'],
        new DirectMessageNotification({ ...words, type: 'success' }),
      )
      expect((await inbox('s1').get()).map(({ type }) => type)).toEqual(['success', 'info'])
      await belfry.app.services.directory.save('rh1', { roles: ['rh'] })
      await api('POST', '/api/broadcast', {
        message: 'Maintenance prévue ce soir à 22h',
        type: 'warning',
        target_roles: ['rh'],
      })
      const [told] = await waitForNotifications('rh1')
      expect(told?.message).toBe('Maintenance prévue ce soir à 22h')
    })

    it('[S4-029 S4-030 S4-031] what happens to stages, documents and testimonials tells by itself', async () => {
      const told: string[] = []
      for (const [name, verb] of [
        ['stage', 'created'],
        ['stage', 'updated'],
        ['document', 'created'],
        ['testimonial', 'created'],
      ]) {
        belfry.app.events.listen(`${name}.${verb}`, async () => {
          told.push(`${name}.${verb}`)
          const words = { title: `${name} ${verb}`, message: 'Something changed' }
          await Notification.send(`tutor-${mode}`, new DirectMessageNotification(words))
        })
      }
      const repository = {
        create: async (row: object) => row,
        update: async (_id: number, changes: object) => changes,
      }
      await entity('stage', repository).create({ id: 1 })
      await entity('stage', repository).update(1, { status: 'en_cours' })
      await entity('document', repository).create({ id: 2 })
      await entity('testimonial', repository).create({ id: 3 })
      expect(told).toHaveLength(4)
      await waitForNotifications(`tutor-${mode}`, { expected: 4 })
    })
  },
)
