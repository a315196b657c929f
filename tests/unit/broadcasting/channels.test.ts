import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  escapeId,
  isChannelName,
  readChannelName,
  unescapeId,
} from '../../../src/broadcasting/channel-name.ts'
import { ChannelRules } from '../../../src/broadcasting/channel-rules.ts'
import { channelsOfUser, ownerOfChannel } from '../../../src/broadcasting/personal-channels.ts'

const safeId = fc.stringMatching(/^[A-Za-z0-9_\-=@.:|~]{1,24}$/)
/** Ids that could be mistaken for something else. */
const trickyId = fc
  .array(
    fc.oneof(
      safeId,
      fc.constantFrom('user.', 'notifications.', '.notifications', '=3A', '=3D', '=', '.', ':'),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => parts.join(''))

describe('a channel’s name', () => {
  it.each([
    ['news', 'public', 'news', false],
    ['private-user.1', 'private', 'user.1', false],
    ['presence-chat.room.1', 'presence', 'chat.room.1', false],
    ['private-encrypted-x', 'encrypted', 'x', false],
    ['cache-x', 'public', 'x', true],
    ['private-cache-x', 'private', 'x', true],
    ['presence-cache-x', 'presence', 'x', true],
    ['private-encrypted-cache-x', 'encrypted', 'x', true],
    ['privateer', 'public', 'privateer', false],
    ['private-', 'private', '', false],
  ])('%s is %s', (full, kind, base, isCache) => {
    expect(readChannelName(full)).toEqual({ full, kind, base, isCache })
  })

  it('has Pusher’s characters, and those of ids', () => {
    for (const name of ['a', 'A-1_=@,.;:|~', 'x'.repeat(200)])
      expect(isChannelName(name)).toBe(true)
    for (const name of ['', 'a b', 'a/b', '#x', 'ü', 'x'.repeat(201), 'a\n']) {
      expect(isChannelName(name)).toBe(false)
    }
  })

  it('holds any id so that it can be read again, in Pusher’s own characters', () => {
    fc.assert(
      fc.property(fc.oneof(safeId, trickyId), (id) => {
        expect(unescapeId(escapeId(id))).toBe(id)
        expect(escapeId(id)).toMatch(/^[A-Za-z0-9_\-=@,.;]+$/)
      }),
    )
    expect(escapeId('ann@example.com')).toBe('ann@example.com')
    expect(escapeId('auth0|42')).toBe('auth0=7C42')
  })
})

describe('channelsOfUser()', () => {
  it('has every name that applications use, with and without prefix', () => {
    expect(channelsOfUser('42')).toEqual([
      '#server-to-user-42',
      'private-user.notifications.42',
      'user.notifications.42',
      'private-user.42.notifications',
      'user.42.notifications',
      'private-user.42',
      'user.42',
      'private-App.Models.User.42',
      'App.Models.User.42',
    ])
  })

  it('names nothing that anybody else may be on', () => {
    fc.assert(
      fc.property(fc.oneof(safeId, trickyId), (id) => {
        for (const channel of channelsOfUser(id)) expect(ownerOfChannel(channel)).toBe(id)
        expect(channelsOfUser(id).length).toBeGreaterThan(1)
      }),
    )
  })
})

describe('ChannelRules', () => {
  it('decide by the first pattern that fits, whatever the prefix', async () => {
    const rules = new ChannelRules<string>()
    rules.channel('user.notifications.{id}', (who, { id }) => who === id)
    rules.channel('user.{id}', () => true)
    rules.open('lobby')
    expect(await rules.verdict('1', 'user.notifications.1')).toBe(true)
    expect(await rules.verdict('2', 'private-user.notifications.1')).toBe(false)
    expect(await rules.verdict('2', 'presence-cache-user.7')).toBe(true)
    expect(await rules.verdict(null, 'user.7')).toBe(false)
    expect(await rules.verdict(null, 'lobby')).toBe(true)
    expect(await rules.verdict('1', 'xuser.7')).toBeNull()
    expect(await rules.verdict('1', 'userX7')).toBeNull()
    expect(await rules.verdict('1', 'user.')).toBeNull()
  })

  it('give the last parameter whatever is left, the others what has no dot', async () => {
    const rules = new ChannelRules<string>()
    let seen: unknown
    rules.channel('shop.{shop}.order.{order}', (_who, params) => {
      seen = params
      return { color: 'red' }
    })
    expect(await rules.verdict('x', 'shop.a.order.1.b@c.d')).toEqual({ color: 'red' })
    expect(seen).toEqual({ shop: 'a', order: '1.b@c.d' })
    expect(await rules.verdict('x', 'shop.a.b.order.1')).toBeNull()
    await rules.verdict('x', 'private-shop.a=7Cb.order.1')
    expect(seen).toEqual({ shop: 'a|b', order: '1' })
  })

  it('do not take long for any name', async () => {
    const rules = new ChannelRules<string>()
    rules.channel('{a}.{b}.{c}.{d}.x', () => true)
    const startedAt = performance.now()
    await rules.verdict('x', `${'a.'.repeat(100)}y`)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
  })
})
