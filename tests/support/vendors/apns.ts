import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { jwtVerify } from 'jose'
import type { Answer, Behaviour, Vendor } from './http-vendor.ts'

/** Whom the fake takes. */
export const APNS = { keyId: 'KEY0000001', teamId: 'TEAM000001', bundleId: 'com.example.belfry' }

/** A key of the kind that Apple gives out. */
export function apnsKey(): { readonly pem: string; readonly publicKey: KeyObject } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { pem: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, publicKey }
}

/** The same in a `.p8` file; answers with its path. */
export function apnsKeyFile(pem: string): string {
  const file = join(mkdtempSync(join(tmpdir(), 'belfry-vendors-')), 'apns.p8')
  writeFileSync(file, pem, { mode: 0o600 })
  return file
}

/** A notification that Apple took. */
export interface ApnsPost {
  readonly token: string
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent.
  readonly payload: any
}

export interface Apns extends Vendor {
  readonly posts: readonly ApnsPost[]
  readonly attempts: number
  /** How many connections were opened. */
  readonly connections: number
  behave(behaviour: Behaviour): void
  clear(): void
  /** Says GOAWAY to every connection, as Apple does before maintenance. */
  goAway(): void
}

interface Options {
  readonly port?: number
  /** Checks signatures; without it any token passes. */
  readonly publicKey?: KeyObject
}

/** Device tokens are 64 hexadecimal digits; what they end with makes Apple refuse. */
const REFUSALS: Readonly<Record<string, readonly [status: number, reason: string]>> = {
  '0410': [410, 'Unregistered'],
  '0400': [400, 'BadDeviceToken'],
  '0401': [400, 'DeviceTokenNotForTopic'],
  '0429': [429, 'TooManyRequests'],
  '0500': [500, 'InternalServerError'],
  '0503': [503, 'ServiceUnavailable'],
}

/** A device token that Apple takes, or one that ends with digits that it refuses. */
export function apnsToken(end = '0200'): string {
  return end.padStart(64, 'a')
}

/** The Apple Push Notification service over HTTP/2 without TLS. */
export async function startApns({ port = 0, publicKey }: Options = {}): Promise<Apns> {
  const posts: ApnsPost[] = []
  const sessions = new Set<ServerHttp2Session>()
  let attempts = 0
  let connections = 0
  let behaviour: Behaviour = 'normal'

  const handle = async (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const payload = JSON.parse((await read(stream)) || 'null')
    const path = String(headers[':path'])
    if (path === '/_posts') return stream.end(JSON.stringify(posts))
    if (path === '/_behave') {
      behaviour = payload as Behaviour
      return stream.end()
    }
    attempts += 1
    if (behaviour === 'hang') return
    if (behaviour === 'reset') return stream.session?.destroy(undefined, constants.NGHTTP2_CANCEL)
    if (typeof behaviour === 'object' && 'slowMs' in behaviour) await pause(behaviour.slowMs)
    const token = path.replace('/3/device/', '')
    const isOther = typeof behaviour === 'object' && 'status' in behaviour
    const answer = isOther
      ? (behaviour as Answer)
      : await answerTo(token, { headers, payload }, publicKey)
    if (answer.status === 200) posts.push({ token, headers, payload })
    stream.respond({ ':status': answer.status, ...answer.headers })
    stream.end(answer.body === undefined ? '' : JSON.stringify(answer.body))
  }

  const server = createServer()
  server.on('session', (session) => {
    connections += 1
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    session.on('error', () => undefined)
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    handle(stream, headers).catch(() => stream.close())
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    posts,
    get attempts() {
      return attempts
    },
    get connections() {
      return connections
    },
    behave(next) {
      behaviour = next
    },
    clear() {
      posts.length = 0
      attempts = 0
      connections = 0
    },
    goAway() {
      for (const session of sessions) session.goaway()
    },
    async stop() {
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

async function answerTo(
  token: string,
  { headers, payload }: Omit<ApnsPost, 'token'>,
  publicKey: KeyObject | undefined,
): Promise<Answer> {
  const refused = await refusalOf(headers, publicKey)
  if (refused !== null) return { status: 403, body: { reason: refused } }
  if (headers['apns-topic'] !== APNS.bundleId) return no(400, 'BadTopic')
  if (!/^[0-9a-f]{64,200}$/i.test(token)) return no(400, 'BadDeviceToken')
  if (Buffer.byteLength(JSON.stringify(payload)) > 4096) return no(413, 'PayloadTooLarge')
  if (Buffer.byteLength(String(headers['apns-collapse-id'] ?? '')) > 64) {
    return no(400, 'BadCollapseId')
  }
  const refusal = REFUSALS[token.slice(-4)]
  if (refusal !== undefined) return no(...refusal)
  return { status: 200, headers: { 'apns-id': String(headers['apns-id']) } }
}

function no(status: number, reason: string): Answer {
  return { status, body: { reason } }
}

async function refusalOf(
  { authorization = '' }: IncomingHttpHeaders,
  publicKey: KeyObject | undefined,
): Promise<string | null> {
  const [, token] = /^bearer (.+)$/.exec(authorization) ?? []
  if (token === undefined) return 'MissingProviderToken'
  if (publicKey === undefined) return null
  try {
    const rules = { algorithms: ['ES256'], issuer: APNS.teamId, currentDate: new Date(0) }
    const { protectedHeader } = await jwtVerify(token, publicKey, rules)
    return protectedHeader.kid === APNS.keyId ? null : 'InvalidProviderToken'
  } catch {
    return 'InvalidProviderToken'
  }
}

async function read(stream: ServerHttp2Stream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
