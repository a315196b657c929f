import { createDecipheriv, createECDH, createPublicKey, type ECDH, hkdfSync } from 'node:crypto'
import { jwtVerify } from 'jose'
import { type Answer, type HttpVendor, type Post, startHttpVendor } from './http-vendor.ts'

/** What a browser keeps to itself, and what it tells the application. */
export interface BrowserKeys {
  readonly ecdh: ECDH
  readonly auth: Buffer
}

/** What arrived in a browser. */
export interface WebNote {
  readonly headers: Readonly<Record<string, string>>
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent.
  readonly payload: any
}

export interface WebPushService extends HttpVendor {
  /** What the browsers got, oldest first. */
  readonly notes: readonly WebNote[]
  /** A browser subscribes; answers with its `PushSubscription` as JSON. `gone` is one that left. */
  subscribe(name?: string): string
}

/** A push service and the browsers behind it: it checks who sends, they decrypt. */
export async function startWebPushService(port = 0): Promise<WebPushService> {
  const notes: WebNote[] = []
  const browsers = new Map<string, BrowserKeys>()
  let count = 0
  const vendor = await startHttpVendor({ port, answer: (post) => answerTo(post) })

  function answerTo(post: Post): Answer {
    if (post.path === '/subscribe') return { status: 200, body: subscribe() }
    if (post.path === '/notes') return { status: 200, body: notes }
    const name = post.path.replace('/push/', '')
    const keys = browsers.get(name)
    if (keys === undefined) return { status: 404 }
    if (name.startsWith('gone')) return { status: 410 }
    const { headers, bytes } = post
    if (!headers.authorization?.startsWith('vapid t=')) return { status: 401 }
    if (headers['content-encoding'] !== 'aes128gcm') return { status: 415 }
    if (bytes.length > 4096) return { status: 413 }
    if (!/^\d+$/.test(headers.ttl ?? '')) return { status: 400 }
    notes.push({ headers, payload: JSON.parse(decrypt(bytes, keys)) })
    return { status: 201, headers: { location: `${vendor.url}/message/${notes.length}` } }
  }

  function subscribe(kind = 'browser'): string {
    const name = `${kind}-${++count}`
    const ecdh = createECDH('prime256v1')
    const p256dh = ecdh.generateKeys('base64url')
    const auth = Buffer.alloc(16, count)
    browsers.set(name, { ecdh, auth })
    const keys = { p256dh, auth: auth.toString('base64url') }
    return JSON.stringify({ endpoint: `${vendor.url}/push/${name}`, keys })
  }

  return {
    ...vendor,
    get attempts() {
      return vendor.attempts
    },
    notes,
    subscribe,
    clear() {
      vendor.clear()
      notes.length = 0
    },
  }
}

/** What was encrypted for a browser (RFC 8291 §3.4 over RFC 8188). Throws when it was not. */
export function decrypt(body: Buffer, { ecdh, auth }: BrowserKeys): string {
  const salt = body.subarray(0, 16)
  const keyLength = body.readUInt8(20)
  const theirs = body.subarray(21, 21 + keyLength)
  const sealed = body.subarray(21 + keyLength)
  const info = Buffer.concat([Buffer.from('WebPush: info\0'), ecdh.getPublicKey(), theirs])
  const secret = derive(ecdh.computeSecret(theirs), { salt: auth, info, length: 32 })
  const of = (name: string, length: number) =>
    derive(secret, { salt, info: Buffer.from(`Content-Encoding: ${name}\0`), length })
  const decipher = createDecipheriv('aes-128-gcm', of('aes128gcm', 16), of('nonce', 12))
  decipher.setAuthTag(sealed.subarray(-16))
  const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
  const end = padded.lastIndexOf(2)
  return padded.subarray(0, end).toString('utf8')
}

function derive(key: Buffer, how: { salt: Buffer; info: Buffer; length: number }): Buffer {
  return Buffer.from(hkdfSync('sha256', key, how.salt, how.info, how.length))
}

/** The claims of a VAPID header, if the key in it signed them (RFC 8292). */
export async function vapidClaims(authorization: string) {
  const [, token = '', key = ''] = /^vapid t=([^,]+), ?k=(.+)$/.exec(authorization) ?? []
  const point = Buffer.from(key, 'base64url')
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: point.subarray(1, 33).toString('base64url'),
    y: point.subarray(33, 65).toString('base64url'),
  }
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' })
  const { payload } = await jwtVerify(token, publicKey, { algorithms: ['ES256'] })
  return { key, ...payload }
}
