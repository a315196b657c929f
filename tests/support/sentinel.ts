import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { answers } from './server-process.ts'
import { launch, startRedis, type TestServer } from './servers.ts'
import { waitFor } from './wait-for.ts'

/** A master, its replica, and a sentinel that watches them under the name `mymaster`. */
export interface TestSentinel {
  readonly master: TestServer
  readonly replica: TestServer
  readonly sentinel: TestServer
  stop(): Promise<void>
}

/** Starts the three; resolves when the replica follows and the sentinel knows both. A failover takes about a second. */
export async function startSentinel(): Promise<TestSentinel> {
  const master = await startRedis({ args: ['--repl-diskless-sync-delay', '0'] })
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] })
  const sentinel = await launch({
    name: 'redis-server',
    url: (port) => `redis://127.0.0.1:${port}`,
    prepare: (port, dir) => {
      const file = join(dir, 'sentinel.conf')
      writeFileSync(file, sentinelConf(port, dir, master.port))
      return [file, '--sentinel']
    },
    isReady: (port) => answers(port, 'PING\r\n', '+PONG'),
  })
  const client = new Redis(sentinel.port, '127.0.0.1')
  await waitFor(
    async () => ((await client.call('SENTINEL', 'REPLICAS', 'mymaster')) as unknown[]).length === 1,
    { message: 'the sentinel did not find the replica' },
  )
  client.disconnect()
  await waitFor(() => answers(replica.port, 'INFO replication\r\n', 'master_link_status:up'), {
    message: 'the replica did not follow its master',
  })
  const stop = async () => {
    await Promise.all([master.stop(), replica.stop(), sentinel.stop()])
  }
  return { master, replica, sentinel, stop }
}

function sentinelConf(port: number, dir: string, masterPort: number): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${dir}`,
    `sentinel monitor mymaster 127.0.0.1 ${masterPort} 1`,
    'sentinel down-after-milliseconds mymaster 500',
    'sentinel failover-timeout mymaster 3000',
    '',
  ].join('\n')
}
