import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fanoutOp } from '../../services/notifications/fanout.ts'
import { SessionService } from '../../services/sessions/session-service.ts'
import type { ChannelVerdict } from '../../src/broadcasting/channel-rules.ts'
import { everybody, type Principal } from '../../src/context.ts'
import type { Application, Credential } from '../../src/gateway/application.ts'
import { DEFAULT_LIMITS, type Limits } from '../../src/gateway/connection-limits.ts'
import { Gateway } from '../../src/gateway/gateway.ts'
import { NativeDoor } from '../../src/gateway/native-door.ts'
import { RealtimeBus } from '../../src/gateway/realtime-bus.ts'
import { refuseUpgrade } from '../../src/gateway/upgrade.ts'
import { type OriginSettings, Origins } from '../../src/http/origins.ts'
import { Upgrades } from '../../src/http/upgrades.ts'
import type { Bus } from '../../src/store/bus.ts'
import { Keys } from '../../src/store/keys.ts'
import { MemoryBus } from '../../src/store/memory-bus.ts'
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts'
import type { Store } from '../../src/store/store.ts'
import { type Clock, systemClock } from '../../src/support/clock.ts'
import { NoRoute, NotFound, Unauthenticated } from '../../src/support/errors.ts'
import { partitionOf } from '../../src/support/ids.ts'
import { createLogger, type Logger } from '../../src/support/logger.ts'

export const silent: Logger = createLogger('silent')

/** One installation: what several gateways share. */
export interface Installation {
  readonly store: Store
  readonly bus: Bus
  readonly clock: Clock
  readonly keys: Keys
}

export function install(parts: Partial<Installation> = {}): Installation {
  const { clock = systemClock, bus = new MemoryBus(), keys = new Keys() } = parts
  const store = parts.store ?? openSqliteStore({ path: ':memory:', clock, log: silent })
  return { store, bus, clock, keys }
}

export interface TestGateway extends Installation {
  readonly gateway: Gateway
  readonly sessions: SessionService
  readonly realtime: RealtimeBus
  readonly door: NativeDoor
  /** `ws://…/ws` with the query added. */
  url(query?: string, path?: string): string
  /** Stores a notification in inbox and session queues, and tells the gateways. */
  notify(user: string, id: string, hint?: boolean): Promise<number>
  stop(): Promise<void>
}

interface Choices extends Partial<Installation> {
  readonly limits?: Partial<Limits>
  readonly origins?: OriginSettings['origins']
  readonly compression?: boolean
  readonly authenticate?: (credential: Credential) => Promise<Principal | null>
  readonly authorizeChannel?: (principal: Principal | null, channel: string) => ChannelVerdict
  readonly admit?: Application['admit']
}

/** Tokens of tests are JSON: `{"id":"ann","expiresAt":…}`; `user_id` counts without one. */
async function authenticateByJson({ token, userId }: Credential): Promise<Principal | null> {
  if (token === null) return userId === null ? null : everybody(userId)
  try {
    return { ...everybody('nobody'), ...(JSON.parse(atob(token)) as Partial<Principal>) }
  } catch (error) {
    throw new Unauthenticated('The token does not hold.', { cause: error })
  }
}

export function tokenFor(id: string, more: Partial<Principal> = {}): string {
  return btoa(JSON.stringify({ id, ...more })).replaceAll('=', '')
}

/** A gateway on a real HTTP server, with the real session service. */
export async function startGateway(choices: Choices = {}): Promise<TestGateway> {
  const installation = install(choices)
  const { store, bus, clock, keys } = installation
  const realtime = new RealtimeBus({ bus, scope: keys.scope, now: () => clock.now(), log: silent })
  const sessions = new SessionService({ store, keys, clock, realtime })
  const application = makeApplication(installation, sessions, choices)
  const limits = { ...DEFAULT_LIMITS, ...choices.limits }
  const applicationOf = () => application
  const gateway = new Gateway({ store, bus, clock, log: silent, limits, applicationOf })
  const door = new NativeDoor({
    gateway,
    authenticate: choices.authenticate ?? authenticateByJson,
    addressOf: () => '192.0.2.1',
    log: silent,
    compression: choices.compression ?? true,
  })
  const server = createServer((_request, response) => response.end())
  const origins = choices.origins ?? 'loopback'
  const upgrades = new Upgrades(
    server,
    new Origins({ origins, publicUrl: null, host: '127.0.0.1' }),
  )
  upgrades.on('/', (request, socket, head) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (!door.door({ request, socket, head, url })) refuseUpgrade(socket, new NoRoute('Not here.'))
  })
  await gateway.start()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  return {
    ...installation,
    gateway,
    sessions,
    realtime,
    door,
    url: (query = '', path = '/ws') => `ws://127.0.0.1:${port}${path}${query && `?${query}`}`,
    notify: (user, id, hint = true) => notify({ ...installation, realtime }, user, id, hint),
    async stop() {
      door.stop()
      await gateway.stop(0)
      server.close()
    },
  }
}

async function notify(
  { store, keys, clock, realtime }: Installation & { realtime: RealtimeBus },
  user: string,
  id: string,
  hint: boolean,
): Promise<number> {
  const record = JSON.stringify({ id, user_id: user, message: `message ${id}`, read: false })
  const outcome = await store.commit({
    partition: partitionOf(user, store.partitions),
    ops: [
      fanoutOp(keys, user, 'notification', record, clock.now()),
      ['inbox', keys.scope, user, id, record, 0, 100],
    ],
  })
  if (!outcome.applied) throw new Error('the write was refused')
  const seq = outcome.results[0] ?? 0
  if (hint) realtime.publish(user, seq, 'notification', record)
  return seq
}

/** The session service is the real one; inbox and alerts belong to others and are as small as can be. */
function makeApplication(
  { store, keys }: Installation,
  sessions: SessionService,
  { authorizeChannel, admit }: Choices,
): Application {
  const partition = (user: string) => partitionOf(user, store.partitions)
  return {
    scope: keys.scope,
    sessions,
    inbox: {
      async markRead(user, id) {
        const ops = [['read', keys.scope, user, id] as const]
        if ((await store.get(partition(user), keys.notification(id))) === null) {
          throw new NotFound(`There is no notification ${id}.`)
        }
        const outcome = await store.commit({ partition: partition(user), ops })
        return outcome.applied ? (outcome.results[0] ?? 0) : 0
      },
      async markAllRead(user) {
        const ids = await store.list(partition(user), keys.inbox(user), 0, -1)
        const ops = ids.map((id) => ['read', keys.scope, user, id] as const)
        await store.commit({ partition: partition(user), ops })
        return store.unreadCount(partition(user), keys.scope, user)
      },
      unreadCount: (user) => store.unreadCount(partition(user), keys.scope, user),
      markDelivered: async () => {},
      async list(user) {
        const ids = await store.list(partition(user), keys.inbox(user), 0, -1)
        return { data: ids.map((id) => ({ id })), next_cursor: null }
      },
    },
    alerts: {
      acknowledge: async (id, user, note) => ({ status: 'acknowledged', alert_id: id, user, note }),
    },
    authorizeChannel: authorizeChannel ?? (() => null),
    roomsOf: async () => [],
    admit: admit ?? (() => {}),
  }
}
