import { randomBytes } from 'node:crypto'
import Pusher from 'pusher'
import { describe, expect, it } from 'vitest'
import { AppCredentials } from '../../../src/broadcasting/app-credentials.ts'

const secret = 'a secret of the application'
const credentials = new AppCredentials({ id: 'app', key: 'key', secret })
const library = new Pusher({ appId: 'app', key: 'key', secret, host: 'x', useTLS: false })

describe('AppCredentials', () => {
  it('sign channels and users as the server library does', () => {
    const plain = library.authorizeChannel('1.2', 'private-x')
    expect(credentials.authorize('1.2', 'private-x')).toBe(plain.auth)
    const member = { user_id: '7', user_info: { name: 'Zoë "Z"' } }
    const { auth, channel_data: data = '' } = library.authorizeChannel('1.2', 'presence-x', member)
    expect(credentials.authorize('1.2', 'presence-x', data)).toBe(auth)
    expect(credentials.verifies(auth, '1.2', 'presence-x', data)).toBe(true)
    const user = library.authenticateUser('1.2', { id: '7' })
    expect(credentials.authorizeUser('1.2', user.user_data)).toBe(user.auth)
    expect(credentials.verifiesUser(user.auth, '1.2', user.user_data)).toBe(true)
  })

  it('share the secret of an encrypted channel with whoever has the master key', () => {
    const encryptionMasterKeyBase64 = randomBytes(32).toString('base64')
    const parts = { appId: 'app', key: 'key', secret, host: 'x', encryptionMasterKeyBase64 }
    const encrypting = new Pusher(parts)
    const ours = new AppCredentials({
      id: 'app',
      key: 'key',
      secret,
      encryptionKey: encryptionMasterKeyBase64,
    })
    const { shared_secret: theirs } = encrypting.authorizeChannel('1.2', 'private-encrypted-x')
    expect(ours.sharedSecret('private-encrypted-x')).toBe(theirs)
    const same = new AppCredentials({ id: 'app', key: 'key', secret })
    expect(same.sharedSecret('private-encrypted-x')).toBe(
      credentials.sharedSecret('private-encrypted-x'),
    )
  })

  it('believe nothing that differs in any part', () => {
    const auth = credentials.authorize('1.2', 'private-x')
    for (const [shown, socket, channel, data] of [
      [auth, '1.3', 'private-x', null],
      [auth, '1.2', 'private-y', null],
      [auth, '1.2', 'private-x', '{}'],
      [auth.slice(0, -1), '1.2', 'private-x', null],
      [`${auth}0`, '1.2', 'private-x', null],
      [auth.replace('key:', 'other:'), '1.2', 'private-x', null],
      ['', '1.2', 'private-x', null],
      ['ü'.repeat(36), '1.2', 'private-x', null],
    ] as const) {
      expect(credentials.verifies(shown, socket, channel, data)).toBe(false)
    }
  })

  const NOW = Date.now()
  /** A request as the library signs it. */
  function signed(path: string, params: Record<string, string>, body = '') {
    const query = library.createSignedQueryString({
      method: body === '' ? 'GET' : 'POST',
      path,
      params,
      ...(body === '' ? {} : { body }),
    })
    const method = body === '' ? 'GET' : 'POST'
    return { method, url: `${path}?${query}`, body: Buffer.from(body) }
  }

  it('believe requests of the library, with whatever is in their query', () => {
    for (const params of [
      {},
      { filter_by_prefix: 'presence-', info: 'user_count,subscription_count' },
      { b: 'with space ü', a: 'x' },
    ]) {
      expect(credentials.objectionTo(signed('/apps/app/channels', params), NOW)).toBeNull()
    }
    const post = signed('/apps/app/events', {}, '{"name":"x"}')
    expect(credentials.objectionTo(post, NOW)).toBeNull()
  })

  it('object to what is old, early, changed or not signed at all', () => {
    const post = signed('/apps/app/events', {}, '{"name":"x"}')
    const objections = [
      credentials.objectionTo(post, NOW + 602_000),
      credentials.objectionTo(post, NOW - 601_000),
      credentials.objectionTo({ ...post, body: Buffer.from('{"name":"y"}') }, NOW),
      credentials.objectionTo({ ...post, body: Buffer.alloc(0) }, NOW),
      credentials.objectionTo({ ...post, method: 'PUT' }, NOW),
      credentials.objectionTo({ ...post, url: post.url.replace('events', 'batch_events') }, NOW),
      credentials.objectionTo({ ...post, url: `${post.url}&more=1` }, NOW),
      credentials.objectionTo({ ...post, url: '/apps/app/events' }, NOW),
      credentials.objectionTo({ ...signed('/x', {}), body: Buffer.from('{}') }, NOW),
      new AppCredentials({ id: 'app', key: 'key', secret: 'other' }).objectionTo(post, NOW),
      new AppCredentials({ id: 'app', key: 'other', secret }).objectionTo(post, NOW),
    ]
    for (const objection of objections) expect(objection).toEqual(expect.any(String))
    expect(credentials.objectionTo(post, NOW + 598_000)).toBeNull()
  })
})
