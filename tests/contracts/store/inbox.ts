import { describe, expect, it } from 'vitest'
import { Keys } from '../../../src/store/keys.ts'
import type { Op } from '../../../src/store/store.ts'
import type { Subject } from './subject.ts'

/** The inbox and the unread count, which never drifts from what is unread. */
export function describeInbox(at: Subject): void {
  const put = (id: string, limit = 100, expiresAt = 0): Op => [
    'inbox',
    '',
    'ann',
    id,
    `{"id":"${id}"}`,
    expiresAt,
    limit,
  ]
  const mirrored = async () => Number((await at.get(at.keys.unreadCount('ann'))) ?? 0)

  describe('inbox', () => {
    it('puts the newest record first and counts it as unread', async () => {
      await at.write(put('n1'))
      await at.write(put('n2'))
      expect(await at.list(at.keys.inbox('ann'))).toEqual(['n2', 'n1'])
      expect(await at.get(at.keys.notification('n1'))).toBe('{"id":"n1"}')
      expect([await at.unread('ann'), await mirrored()]).toEqual([2, 2])
    })

    it('makes a user known by his first record, and a tenant’s apart', async () => {
      const tenant = new Keys('acme')
      await at.write(put('n1'), put('n2'))
      await at.write(['inbox', tenant.scope, 'a:b', 'n3', 'r3', 0, 100])
      const known = (keys: Keys) => at.store.rangeByName(at.partition, keys.users(), '', 10)
      expect([await known(at.keys), await known(tenant)]).toEqual([['ann'], ['a:b']])
    })

    it('a record that must be new is left as it was when it is there', async () => {
      const key = at.keys.notification('n1')
      const once = (record: string, limit = 100) =>
        at.store.commit({
          partition: at.partition,
          guards: [['expect', key, null]],
          ops: [['inbox', '', 'ann', 'n1', record, 0, limit]],
        })
      expect(await once('first')).toMatchObject({ applied: true })
      expect(await once('second')).toEqual({ applied: false, refusedBy: 0, value: 'first' })
      expect(await at.list(at.keys.inbox('ann'))).toEqual(['n1'])
      expect(await at.get(key)).toBe('first')
    })

    it('a record that was to be new is not there when a later guard refuses', async () => {
      const outcome = await at.store.commit({
        partition: at.partition,
        guards: [
          ['expect', at.keys.notification('n1'), null],
          ['expect', 'pointer', 'n0'],
        ],
        ops: [put('n1')],
      })
      expect(outcome).toEqual({ applied: false, refusedBy: 1, value: null })
      expect(await at.get(at.keys.notification('n1'))).toBeNull()
      expect(await at.unread('ann')).toBe(0)
    })

    it('keeps the newest; what falls off loses its record and its place among the unread', async () => {
      for (let n = 1; n <= 5; n++) await at.write(put(`n${n}`, 3))
      expect(await at.list(at.keys.inbox('ann'))).toEqual(['n5', 'n4', 'n3'])
      const ids = ['n1', 'n2', 'n3'].map((id) => at.keys.notification(id))
      expect(await at.store.getMany(at.partition, ids)).toEqual([null, null, '{"id":"n3"}'])
      expect([await at.unread('ann'), await mirrored()]).toEqual([3, 3])
    })

    it('a smaller limit trims all that is over it, read or not', async () => {
      for (let n = 1; n <= 6; n++) await at.write(put(`n${n}`))
      await at.write(['read', '', 'ann', 'n2'])
      await at.write(put('n7', 2))
      expect(await at.list(at.keys.inbox('ann'))).toEqual(['n7', 'n6'])
      expect(await at.unread('ann')).toBe(2)
      expect(await at.get(at.keys.notification('n2'))).toBeNull()
    })

    it('read, unread and discard answer with the unread count', async () => {
      await at.write(put('n1'), put('n2'), put('n3'))
      expect(await at.write(['read', '', 'ann', 'n1'], ['read', '', 'ann', 'n1'])).toEqual([2, 2])
      expect(await at.write(['unread', '', 'ann', 'n1', 0])).toEqual([3])
      expect(await at.write(['unread', '', 'ann', 'n1', 0])).toEqual([3])
      expect(await at.write(['discard', '', 'ann', 'n2'])).toEqual([2])
      expect(await at.write(['discard', '', 'ann', 'n2'])).toEqual([2])
      expect(await at.list(at.keys.inbox('ann'))).toEqual(['n3', 'n1'])
      expect(await at.get(at.keys.notification('n2'))).toBeNull()
      expect([await at.unread('ann'), await mirrored()]).toEqual([2, 2])
    })

    it('reading the last one leaves none', async () => {
      await at.write(put('n1'))
      expect(await at.write(['read', '', 'ann', 'n1'])).toEqual([0])
      expect([await at.unread('ann'), await mirrored()]).toEqual([0, 0])
      expect(await at.get(at.keys.notification('n1'))).toBe('{"id":"n1"}')
    })

    it('what has expired is neither there nor unread', async () => {
      await at.write(put('n1', 100, at.clock.now() + at.shortMs), put('n2'))
      await at.expired(async () => (await at.get(at.keys.notification('n1'))) === null)
      expect(await at.unread('ann')).toBe(1)
      await at.write(put('n3'), ['read', '', 'ann', 'n3'])
      expect(await at.write(['unread', '', 'ann', 'n3', 0])).toEqual([2])
      expect([await at.unread('ann'), await mirrored()]).toEqual([2, 2])
    })

    it('unread lasts until its own moment', async () => {
      await at.write(put('n1'), ['unread', '', 'ann', 'n1', at.clock.now() + 500])
      expect(await at.unread('ann')).toBe(1)
      at.clock.advance(501)
      expect(await at.unread('ann')).toBe(0)
      expect(await at.get(at.keys.notification('n1'))).toBe('{"id":"n1"}')
    })

    it('the count is right after any mixture of what many do in one turn', async () => {
      const ops: Op[] = []
      for (let n = 1; n <= 40; n++) ops.push(put(`n${n}`, 25))
      for (let n = 10; n <= 30; n++) ops.push(['read', '', 'ann', `n${n}`])
      for (let n = 38; n <= 40; n++) ops.push(['discard', '', 'ann', `n${n}`])
      await Promise.all(ops.map((op) => at.write(op)))
      // 16…40 remain, 16…30 are read, 38…40 are gone.
      expect([await at.unread('ann'), await mirrored()]).toEqual([7, 7])
      expect(await at.store.length(at.partition, at.keys.inbox('ann'))).toBe(22)
    })

    it('a tenant has keys and counts of its own', async () => {
      const tenant = new Keys('acme')
      await at.write(put('n1'), ['inbox', tenant.scope, 'ann', 'n2', 'r2', 0, 100])
      expect([await at.unread('ann'), await at.unread('ann', tenant.scope)]).toEqual([1, 1])
      expect(await at.list(tenant.inbox('ann'))).toEqual(['n2'])
      expect(await at.get(tenant.notification('n2'))).toBe('r2')
      expect(await at.get(at.keys.notification('n2'))).toBeNull()
    })
  })
}
