// Belfry in an Express server of yours: PORT=3000 node express.ts
// Your paths stay as they are; the inbox, the sockets and the dashboard are below /belfry.
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createApp } from 'belfry/app'
import express from 'express'
import { shipping } from './shipping.ts'

const shop = express()
shop.get('/', (_request, response) => {
  response.json({ shop: 'open' })
})
shop.post('/orders/:id/ship', async (request, response) => {
  await belfry.publish('order.shipped', { order: request.params.id, customer: 'ada' })
  response.json({ shipped: request.params.id })
})

const server = createServer(shop)
const belfry = createApp({ routes: shipping })
await belfry.attach(server, { prefix: '/belfry' })
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1')
await once(server, 'listening')
process.stdout.write('ready\n')

process.once('SIGTERM', async () => {
  await belfry.stop()
  server.close()
  server.closeAllConnections()
})
