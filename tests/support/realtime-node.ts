import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { type App, startApp } from '../../src/bootstrap/app.ts'
import { loadConfig } from '../../src/config.ts'
import { createLogger } from '../../src/support/logger.ts'
import { TEST_JWT_SECRET } from './tokens.ts'

export const APP_SECRET = 'only-for-tests-app-secret'
export const ADMIN_KEY = 'only-for-tests-admin-key'

/** A whole service with API and realtime in this process, on a free port. */
export interface RealtimeNode {
  readonly app: App
  readonly port: number
  readonly url: string
  /** What it logged at `warn` and above. */
  readonly log: readonly string[]
  /** One HTTP request as the administrator, or with the headers given. */
  api(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
    // biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape.
  ): Promise<{ readonly status: number; readonly body: any }>
  /** Sends a user a notification; answers when it is accepted. */
  notify(user: string, message: string): Promise<void>
  stop(): Promise<void>
}

/** Authentication is on: tokens of `tokenOf`, and the administrator's key. */
export async function startRealtimeNode(
  env: Readonly<Record<string, string>> = {},
): Promise<RealtimeNode> {
  const directory = mkdtempSync(join(tmpdir(), 'belfry-realtime-'))
  const config = loadConfig(
    {
      BELFRY_ROLES: 'api,gateway',
      HTTP_PORT: '0',
      MQTT_PORT: '0',
      RATE_LIMIT: 'off',
      SHUTDOWN_SECONDS: '1',
      BELFRY_JWT_SECRET: TEST_JWT_SECRET,
      BELFRY_ADMIN_KEY: ADMIN_KEY,
      BELFRY_APP_SECRET: APP_SECRET,
      ...env,
    },
    directory,
  )
  const log: string[] = []
  const logger = createLogger('warn', { write: (line) => void log.push(line) })
  const app = await startApp({ config, log: logger })
  const url = `http://127.0.0.1:${app.http.port}`
  const api: RealtimeNode['api'] = async (method, path, body, headers = asAdmin) => {
    const answer = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: text.startsWith('{') ? JSON.parse(text) : text }
  }
  return {
    app,
    port: app.http.port,
    url,
    log,
    api,
    async notify(user, message) {
      const { status } = await api('POST', '/api/notifications', { to: `user:${user}`, message })
      if (status !== 202) throw new Error(`the notification was not accepted: ${status}`)
    },
    async stop() {
      await app.stop()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

const asAdmin = { authorization: `Bearer ${ADMIN_KEY}` }

/** A user's token, with what else it shall say; `exp` in epoch seconds, else an hour. */
export function tokenOf(
  user: string,
  { exp, ...claims }: Readonly<Record<string, unknown>> & { readonly exp?: number } = {},
): Promise<string> {
  return new SignJWT({ scope: 'read', ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(user)
    .setExpirationTime(exp ?? '1h')
    .sign(new TextEncoder().encode(TEST_JWT_SECRET))
}

export async function bearer(
  user: string,
  claims: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await tokenOf(user, claims)}` }
}
