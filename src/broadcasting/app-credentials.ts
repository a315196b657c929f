import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import nacl from 'tweetnacl'

/** How far a request's clock may be off, in seconds. */
const WINDOW_SECONDS = 600

interface Parts {
  readonly id: string
  readonly key: string
  readonly secret: string
  /** Base64 of 32 bytes, for encrypted channels; `null`: made from the secret. */
  readonly encryptionKey?: string | null
}

/** A request that we make to a server that knows the same secret. */
export interface RequestToSign {
  readonly method: string
  readonly path: string
  readonly body: string
}

/** A request of a back end, with its signature in the query. */
export interface SignedRequest {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly body: Buffer
}

/**
 * The application that Pusher-protocol clients and servers know: its id, its
 * public key, and what only those who hold its secret can sign.
 */
export class AppCredentials {
  readonly id: string
  readonly key: string
  readonly #secret: string
  readonly #encryptionKey: Buffer

  constructor({ id, key, secret, encryptionKey = null }: Parts) {
    this.id = id
    this.key = key
    this.#secret = secret
    this.#encryptionKey =
      encryptionKey === null
        ? createHmac('sha256', secret).update('encrypted channels').digest()
        : Buffer.from(encryptionKey, 'base64')
  }

  /** Lets one socket onto one channel, as the member of a presence channel that `data` says. */
  authorize(socketId: string, channel: string, data: string | null = null): string {
    return `${this.key}:${this.#sign(channelText(socketId, channel, data))}`
  }

  authorizeUser(socketId: string, userData: string): string {
    return `${this.key}:${this.#sign(`${socketId}::user::${userData}`)}`
  }

  /** What the members of an encrypted channel share, base64. */
  sharedSecret(channel: string): string {
    return createHash('sha256').update(channel).update(this.#encryptionKey).digest('base64')
  }

  /** What only the members of an encrypted channel can read: `{nonce,ciphertext}` (NaCl secretbox). */
  seal(channel: string, text: string): string {
    const nonce = nacl.randomBytes(nacl.secretbox.nonceLength)
    const secret = Buffer.from(this.sharedSecret(channel), 'base64')
    const ciphertext = nacl.secretbox(Buffer.from(text), nonce, secret)
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
    return JSON.stringify({ nonce: base64(nonce), ciphertext: base64(ciphertext) })
  }

  /** The headers by which a receiver knows that a webhook is ours (Pusher Channels, "webhooks"). */
  webhookHeaders(body: string): Record<string, string> {
    return { 'x-pusher-key': this.key, 'x-pusher-signature': this.#sign(body) }
  }

  /** Path and query of a request as Pusher's HTTP API wants it signed. `now` in epoch milliseconds. */
  signedUrl({ method, path, body }: RequestToSign, now: number): string {
    const query = new URLSearchParams({
      auth_key: this.key,
      auth_timestamp: String(Math.floor(now / 1000)),
      auth_version: '1.0',
      ...(body === '' ? {} : { body_md5: createHash('md5').update(body).digest('hex') }),
    })
    query.set('auth_signature', this.#sign(requestText(method, path, query)))
    return `${path}?${query}`
  }

  verifies(auth: string, socketId: string, channel: string, data: string | null): boolean {
    return isSame(auth, this.authorize(socketId, channel, data))
  }

  verifiesUser(auth: string, socketId: string, userData: string): boolean {
    return isSame(auth, this.authorizeUser(socketId, userData))
  }

  /** Why a request is not to be believed; `null`: it is. `now` in epoch milliseconds. */
  objectionTo({ method, url, body }: SignedRequest, now: number): string | null {
    const [path = '', search = ''] = url.split('?', 2)
    const query = new URLSearchParams(search)
    if (!isSame(query.get('auth_key') ?? '', this.key)) return 'The auth_key is not known here.'
    if (query.get('auth_version') !== '1.0') return 'The auth_version must be 1.0.'
    const signature = query.get('auth_signature') ?? ''
    if (!isSame(signature, this.#sign(requestText(method, path, query)))) {
      return 'The signature does not hold.'
    }
    const askew = Math.abs(now / 1000 - Number(query.get('auth_timestamp') ?? Number.NaN))
    if (!(askew <= WINDOW_SECONDS)) return 'The auth_timestamp is more than 600 seconds off.'
    const md5 = query.get('body_md5')
    if (body.length === 0 && md5 === null) return null
    const actual = createHash('md5').update(body).digest('hex')
    return isSame(md5 ?? '', actual) ? null : 'The body_md5 is not that of the body.'
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#secret).update(text).digest('hex')
  }
}

function channelText(socketId: string, channel: string, data: string | null): string {
  return data === null ? `${socketId}:${channel}` : `${socketId}:${channel}:${data}`
}

/** Names sorted, values as they mean, not as they are escaped. */
function requestText(method: string, path: string, query: URLSearchParams): string {
  const pairs = [...query].filter(([name]) => name !== 'auth_signature')
  const sorted = pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `${method}\n${path}\n${sorted.map(([name, value]) => `${name}=${value}`).join('&')}`
}

/** In a time that says nothing of where the two differ. */
function isSame(given: string, expected: string): boolean {
  const a = Buffer.from(given)
  const b = Buffer.from(expected)
  return a.length === b.length && timingSafeEqual(a, b)
}
