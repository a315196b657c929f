import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { PusherUser, roster } from '../../support/pusher-clients.ts'
import { ADMIN_KEY, APP_SECRET, startRealtimeNode } from '../../support/realtime-node.ts'
import { requireServer, startRedis } from '../../support/servers.ts'
import { startService } from '../../support/service.ts'
import { TEST_JWT_SECRET } from '../../support/tokens.ts'
import { waitFor } from '../../support/wait-for.ts'

const ROOM = 'presence-chat.room.1'

const connect = ({ port }: { readonly port: number }, user: string) =>
  PusherUser.connect(port, { user })

describe.skipIf(!requireServer('redis-server'))('a fleet in trouble', () => {
  it.concurrent('sees the members of a process that was killed leave within its lease', async () => {
    const server = await startRedis()
    const node = await startRealtimeNode({ REDIS_URL: server.url })
    const doomed = await startService({
      env: {
        REDIS_URL: server.url,
        BELFRY_ROLES: 'api,gateway',
        BELFRY_JWT_SECRET: TEST_JWT_SECRET,
        BELFRY_ADMIN_KEY: ADMIN_KEY,
        BELFRY_APP_SECRET: APP_SECRET,
      },
    })
    try {
      const ann = await connect(node, 'ann')
      await ann.subscribe(ROOM)
      const port = Number(new URL(doomed.url).port)
      const ben = await connect({ port }, 'ben')
      const tab = await connect(node, 'cleo')
      const other = await connect({ port }, 'cleo')
      for (const client of [ben, tab, other]) await client.subscribe(ROOM)
      await waitFor(() => roster(ann, ROOM).length === 3)
      await doomed.kill()
      await waitFor(() => roster(ann, ROOM).length === 2)
      expect(roster(ann, ROOM)).toEqual(['ann', 'cleo'])
      expect(ann.of('pusher_internal:member_removed')).toHaveLength(1)
    } finally {
      await doomed.stop()
      await node.stop()
      await server.stop()
    }
  })

  it.concurrent('is right again when Redis comes back, also with nothing left in it', async () => {
    const server = await startRedis()
    const env = { REDIS_URL: server.url }
    const nodes = [await startRealtimeNode(env), await startRealtimeNode(env)] as const
    const admin = new Redis(server.port, '127.0.0.1', { maxRetriesPerRequest: null })
    admin.on('error', () => {})
    try {
      const [ann, ben] = [await connect(nodes[0], 'ann'), await connect(nodes[1], 'ben')]
      for (const client of [ann, ben]) await client.subscribe(ROOM)
      await ann.subscribe('private-user.ann')
      await waitFor(() => roster(ann, ROOM).length === 2)
      for (const isEmptied of [false, true]) {
        if (isEmptied) await admin.flushall()
        await server.restart()
        const cleo = await waitFor(() => connect(nodes[0], 'cleo').catch(() => null))
        await waitFor(async () => /succeeded$/.test((await cleo.subscribe(ROOM)).event), {
          message: 'nobody can join any more',
        })
        await waitFor(() => roster(ben, ROOM).join() === 'ann,ben,cleo')
        await waitFor(() => roster(cleo, ROOM).join() === 'ann,ben,cleo')
        cleo.close()
        await waitFor(() => roster(ben, ROOM).join() === 'ann,ben')
        const message = `after ${isEmptied}`
        await waitFor(async () => {
          await nodes[1].notify('ann', message)
          return ann.of('notification.created').some(({ data }) => data.message === message)
        })
      }
      expect(roster(ann, ROOM)).toEqual(['ann', 'ben'])
    } finally {
      admin.disconnect()
      await Promise.all(nodes.map((node) => node.stop()))
      await server.stop()
    }
  })
})
