import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Belfry, type CreateAppOptions, createApp } from '../../src/bootstrap/create-app.ts'
import { createLogger } from '../../src/support/logger.ts'
import { waitFor } from './wait-for.ts'

/** A Belfry in the process of the test, on free ports and a directory of its own. */
export interface OwnBelfry extends AsyncDisposable {
  readonly app: Belfry
  /** Everything that it logged, line by line. */
  readonly lines: readonly string[]
  /** What went out on a channel without a provider, oldest first, as soon as there are `count`. */
  outbox(channel: string, count?: number): Promise<Record<string, unknown>[]>
}

/** The options of `createApp` for a test: free ports, a fresh directory, its log in `lines`. */
export function testOptions(options: CreateAppOptions, lines: string[]) {
  const dataDir = mkdtempSync(join(tmpdir(), 'belfry-own-'))
  const env = {
    HTTP_PORT: '0',
    MQTT_PORT: '0',
    DATA_DIR: dataDir,
    RATE_LIMIT: 'off',
    ...options.env,
  }
  const log = createLogger('info', { write: (line) => void lines.push(line) })
  return { dataDir, options: { log, ...options, env } }
}

/** Starts one with what an application adds. */
export async function startOwn(given: CreateAppOptions = {}): Promise<OwnBelfry> {
  const lines: string[] = []
  const { dataDir, options } = testOptions(given, lines)
  const app = await createApp(options).start()
  return {
    app,
    lines,
    outbox: (channel, count = 1) =>
      waitFor(
        async () => {
          const { data } = await app.services.outbox.list({ channel, limit: 100 })
          const found = data.toReversed() as unknown as Record<string, unknown>[]
          return found.length >= count && found
        },
        { message: `fewer than ${count} went out by ${channel}` },
      ),
    async [Symbol.asyncDispose]() {
      await app.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
