// Belfry in a Fastify server of yours: PORT=3000 node fastify.ts
// Your paths stay as they are; the inbox, the sockets and the dashboard are below /belfry.
import { createApp } from 'belfry/app'
import Fastify from 'fastify'
import { shipping } from './shipping.ts'

const shop = Fastify()
shop.get('/', async () => ({ shop: 'open' }))
shop.post<{ Params: { id: string } }>('/orders/:id/ship', async ({ params }) => {
  await belfry.publish('order.shipped', { order: params.id, customer: 'ada' })
  return { shipped: params.id }
})

const belfry = createApp({ routes: shipping })
await shop.ready()
await belfry.attach(shop.server, { prefix: '/belfry' })
await shop.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' })
process.stdout.write('ready\n')

process.once('SIGTERM', async () => {
  await belfry.stop()
  await shop.close()
})
