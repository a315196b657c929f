import { requireServer, startRedis, startRedisCluster } from './servers.ts'

export interface StoreServer {
  readonly url: string | null
  readonly ports: readonly number[]
  stop(): Promise<void>
}

export interface StoreKind {
  readonly kind: 'embedded' | 'redis' | 'cluster'
  start(): Promise<StoreServer>
}

const EMBEDDED: StoreKind = {
  kind: 'embedded',
  start: async () => ({ url: null, ports: [], stop: async () => {} }),
}

/** What can stand under a store; the last two where there is a redis-server. */
export const EACH_STORE: readonly StoreKind[] = requireServer('redis-server')
  ? [
      EMBEDDED,
      {
        kind: 'redis',
        start: async () => {
          const server = await startRedis()
          return { url: server.url, ports: [server.port], stop: () => server.stop() }
        },
      },
      { kind: 'cluster', start: () => startRedisCluster(3) },
    ]
  : [EMBEDDED]
