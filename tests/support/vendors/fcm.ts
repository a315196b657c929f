import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Answer, type HttpVendor, type Post, startHttpVendor } from './http-vendor.ts'

const PROJECT = 'belfry-test'

/** The parts of a service account that the fake takes. */
export function fcmAccount() {
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const clientEmail = `belfry@${PROJECT}.iam.gserviceaccount.com`
  return { projectId: PROJECT, clientEmail, privateKey }
}

/** The same as the JSON file that Google gives out; answers with its path. */
export function fcmAccountFile(): string {
  const { projectId, clientEmail, privateKey } = fcmAccount()
  const file = join(mkdtempSync(join(tmpdir(), 'belfry-vendors-')), 'firebase.json')
  const account = {
    type: 'service_account',
    project_id: projectId,
    private_key: privateKey,
    client_email: clientEmail,
  }
  writeFileSync(file, JSON.stringify(account), { mode: 0o600 })
  return file
}

/** What a token makes FCM say: its beginning decides. */
const REFUSALS: Readonly<Record<string, readonly [status: number, word: string, text: string]>> = {
  gone: [404, 'UNREGISTERED', 'Requested entity was not found.'],
  other: [403, 'SENDER_ID_MISMATCH', 'SenderId mismatch'],
  broken: [400, 'INVALID_ARGUMENT', 'The registration token is not a valid FCM registration token'],
  odd: [400, 'INVALID_ARGUMENT', 'Request contains an invalid argument.'],
  keyless: [401, 'THIRD_PARTY_AUTH_ERROR', 'Auth error from APNS or Web Push Service'],
  busy: [429, 'QUOTA_EXCEEDED', 'Quota exceeded'],
  down: [503, 'UNAVAILABLE', 'The service is currently unavailable.'],
  ill: [500, 'INTERNAL', 'Internal error encountered.'],
}

/** Firebase Cloud Messaging's HTTP v1 API, with Google's token endpoint. */
export function startFcm(port = 0): Promise<HttpVendor> {
  let sent = 0
  return startHttpVendor({
    port,
    answer(post) {
      if (post.path === '/token') {
        return {
          status: 200,
          body: { access_token: 'ya29.test', token_type: 'Bearer', expires_in: 3600 },
        }
      }
      const refused = refusalOf(post)
      if (refused !== null) return refused
      sent += 1
      return { status: 200, body: { name: `projects/${PROJECT}/messages/${sent}` } }
    },
  })
}

/** The messages that the fake took, without the requests for tokens. */
export function fcmMessages({ posts }: HttpVendor) {
  return posts.filter(({ path }) => path.endsWith('messages:send')).map(({ json }) => json.message)
}

function refusalOf({ path, headers, json }: Post): Answer | null {
  if (path !== `/v1/projects/${PROJECT}/messages:send`) {
    return {
      status: 404,
      body: { error: { code: 404, status: 'NOT_FOUND', message: 'no project' } },
    }
  }
  if (headers.authorization !== 'Bearer ya29.test') {
    const error = { code: 401, status: 'UNAUTHENTICATED', message: 'invalid credentials' }
    return { status: 401, body: { error } }
  }
  const { token = '', data = {} } = json?.message ?? {}
  if (Object.values(data).some((value) => typeof value !== 'string')) return error(...REFUSALS.odd!)
  if (Buffer.byteLength(JSON.stringify(json.message)) > 4096 + token.length) {
    return error(400, 'INVALID_ARGUMENT', 'Android message is too big')
  }
  const ttl = Number.parseFloat(json?.message?.android?.ttl ?? '0')
  if (ttl > 28 * 86_400) return error(400, 'INVALID_ARGUMENT', 'Invalid TTL: more than four weeks')
  const refused = REFUSALS[token.split('-', 1)[0]]
  return refused === undefined ? null : error(...refused)
}

function error(status: number, errorCode: string, message: string): Answer {
  const type = 'type.googleapis.com/google.firebase.fcm.v1.FcmError'
  const details = [{ '@type': type, errorCode }]
  const body = { error: { code: status, status: errorCode, message, details } }
  return { status, headers: status === 429 ? { 'retry-after': '30' } : {}, body }
}
