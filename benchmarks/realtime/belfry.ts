import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SessionService } from '../../services/sessions/session-service.ts'
import { AppCredentials } from '../../src/broadcasting/app-credentials.ts'
import { everybody } from '../../src/context.ts'
import { ChannelCache } from '../../src/gateway/channel-cache.ts'
import { DEFAULT_LIMITS } from '../../src/gateway/connection-limits.ts'
import { Gateway } from '../../src/gateway/gateway.ts'
import { NativeDoor } from '../../src/gateway/native-door.ts'
import type { PusherApp } from '../../src/gateway/protocols/pusher/pusher-parts.ts'
import { PusherDoor } from '../../src/gateway/pusher-door.ts'
import { RealtimeBus } from '../../src/gateway/realtime-bus.ts'
import type { Upgrade } from '../../src/gateway/upgrade.ts'
import { Keys } from '../../src/store/keys.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import { systemClock as clock } from '../../src/support/clock.ts'
import { createLogger } from '../../src/support/logger.ts'
import { EVENT_DATA, serve } from './server.ts'

const log = createLogger('warn')
const bus = new MemoryBus()
const keys = new Keys()
const store = openSqliteStore({
  path: join(mkdtempSync(join(tmpdir(), 'belfry-')), 'store.db'),
  clock,
  log,
})
const realtime = new RealtimeBus({ bus, scope: '', now: () => clock.now(), log })
const sessions = new SessionService({ store, keys, clock, realtime })
const application = {
  scope: '',
  sessions,
  inbox: {
    markRead: async () => 0,
    markAllRead: async () => 0,
    unreadCount: async () => 0,
    markDelivered: async () => {},
    list: async () => ({}),
  },
  alerts: { acknowledge: async () => ({}) },
  authorizeChannel: () => null,
  roomsOf: async () => [],
  admit: () => {},
}
const gateway = new Gateway({
  store,
  bus,
  clock,
  log,
  limits: DEFAULT_LIMITS,
  applicationOf: () => application,
})
const shared = {
  gateway,
  addressOf: ({ request }: Upgrade) => request.socket.remoteAddress ?? '',
  log,
  compression: true,
}
const native = new NativeDoor({
  ...shared,
  authenticate: async ({ userId }) => everybody(userId ?? 'nobody'),
})
const credentials = [new AppCredentials({ id: 'bench', key: 'bench', secret: 'bench' })]
const app: PusherApp = {
  application,
  credentials: () => credentials,
  cache: new ChannelCache({ store, keys }),
  identify: async (user) => everybody(user),
  nobody: null,
}
const pusher = new PusherDoor({
  ...shared,
  appOf: (key) => (key === 'bench' ? app : null),
  authenticate: async () => null,
  clock,
})

/** What one event is on the wire of each protocol. */
const TEXTS = {
  native: `{"type":"event","channel":"bench","event":"e","data":${EVENT_DATA},"seq":1234567890123456}`,
  pusher: JSON.stringify({ event: 'e', channel: 'bench', data: EVENT_DATA }),
} as const
const text = TEXTS[process.argv[2] === 'pusher' ? 'pusher' : 'native']

await serve({
  frameBytes: Buffer.byteLength(text) + 4,
  async attach(server) {
    server.on('upgrade', (request, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://localhost')
      const upgrade = { request, socket, head, url }
      if (!native.door(upgrade) && !pusher.door(upgrade)) socket.destroy()
    })
    await gateway.start()
  },
  broadcast(count) {
    for (let n = 0; n < count; n++) realtime.broadcast('bench', 'e', EVENT_DATA)
  },
})
