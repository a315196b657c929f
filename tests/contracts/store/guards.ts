import { describe, expect, it } from 'vitest'
import type { Subject } from './subject.ts'

/** Whether a write happens: each guard, and that a refused write leaves nothing behind. */
export function describeGuards(at: Subject): void {
  describe('guards', () => {
    it('once stores the value and lets the write pass when the key is absent', async () => {
      const outcome = await at.commit([['set', 'a', '1', 0]], [['once', 'mark', 'reply', 60_000]])
      expect(outcome).toMatchObject({ applied: true })
      expect([await at.get('mark'), await at.get('a')]).toEqual(['reply', '1'])
    })

    it('once refuses with the value that is there and keeps it', async () => {
      await at.commit([], [['once', 'mark', 'first', 60_000]])
      const outcome = await at.commit([['set', 'a', '1', 0]], [['once', 'mark', 'second', 60_000]])
      expect(outcome).toEqual({ applied: false, refusedBy: 0, value: 'first' })
      expect([await at.get('mark'), await at.get('a')]).toEqual(['first', null])
    })

    it('once passes again after its time', async () => {
      await at.commit([], [['once', 'mark', 'first', at.shortMs]])
      await at.expired(async () => (await at.get('mark')) === null)
      expect(await at.commit([], [['once', 'mark', 'second', 60_000]])).toMatchObject({
        applied: true,
      })
    })

    it('expect passes on the exact value and on absence', async () => {
      await at.write(['set', 'version', '1', 0])
      const ops = [['set', 'version', '2', 0]] as const
      expect(await at.commit(ops, [['expect', 'version', '1']])).toMatchObject({ applied: true })
      expect(await at.commit([], [['expect', 'nothing', null]])).toMatchObject({ applied: true })
      expect(await at.get('version')).toBe('2')
    })

    it('expect refuses with what it found', async () => {
      await at.write(['set', 'version', '2', 0])
      const change = [['set', 'version', '3', 0]] as const
      expect(await at.commit(change, [['expect', 'version', '1']])).toEqual({
        applied: false,
        refusedBy: 0,
        value: '2',
      })
      expect(await at.commit(change, [['expect', 'version', null]])).toMatchObject({ value: '2' })
      expect(await at.commit(change, [['expect', 'nothing', '1']])).toMatchObject({ value: null })
      expect(await at.get('version')).toBe('2')
    })

    it('the first guard that refuses is named, and guards before it have no effect', async () => {
      await at.write(['set', 'version', '2', 0], at.enqueue('email_queue', 'j1'))
      const [lease] = await at.take('email_queue')
      await at.write(at.enqueue('email_queue', 'j2'))
      const outcome = await at.commit(
        [['set', 'a', '1', 0]],
        [
          ['once', 'mark', 'reply', 60_000],
          ['lease', 'email_queue', 'j1', lease!.token],
          ['withdraw', 'email_queue', 'j2'],
          ['expect', 'version', '1'],
          ['expect', 'version', '3'],
        ],
      )
      expect(outcome).toEqual({ applied: false, refusedBy: 3, value: '2' })
      expect([await at.get('mark'), await at.get('a')]).toEqual([null, null])
      expect(await at.store.extend([lease!], 30_000)).toEqual([true])
      expect((await at.take('email_queue')).map(({ jobId }) => jobId)).toEqual(['j2'])
    })

    it('of two keys to be set once the second may refuse, and the first is as before', async () => {
      await at.write(['set', 'taken', 'here', 0])
      const outcome = await at.commit(
        [['set', 'a', '1', 0]],
        [
          ['once', 'free', 'x', 0],
          ['once', 'taken', 'x', 0],
        ],
      )
      expect(outcome).toEqual({ applied: false, refusedBy: 1, value: 'here' })
      expect([await at.get('free'), await at.get('a')]).toEqual([null, null])
    })

    it('a key set once refuses before a later guard does', async () => {
      await at.write(['set', 'taken', 'here', 0], ['set', 'version', '2', 0])
      const outcome = await at.commit(
        [],
        [
          ['once', 'taken', 'x', 0],
          ['expect', 'version', '1'],
        ],
      )
      expect(outcome).toEqual({ applied: false, refusedBy: 0, value: 'here' })
    })

    it('one of many that claim the same key in one turn is let through', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          at.commit([['push', 'winners', `${n}`, 0]], [['once', 'mark', `${n}`, 60_000]]),
        ),
      )
      const winners = await at.list('winners')
      expect(winners).toHaveLength(1)
      expect(outcomes.filter(({ applied }) => applied)).toHaveLength(1)
      for (const outcome of outcomes) {
        if (!outcome.applied) expect(outcome.value).toBe(winners[0])
      }
    })

    it('below counts to its limit and refuses with the number, whoever asks at once', async () => {
      const asked = Array.from({ length: 20 }, (_, n) =>
        at.commit([['push', 'passed', `${n}`, 0]], [['below', 'counted', 3, 60_000]]),
      )
      const outcomes = await Promise.all(asked)
      expect(outcomes.filter(({ applied }) => applied)).toHaveLength(3)
      expect(outcomes.find(({ applied }) => !applied)).toEqual({
        applied: false,
        refusedBy: 0,
        value: '3',
      })
      expect(await at.list('passed')).toHaveLength(3)
    })

    it('below counts nothing for a write that another guard refuses', async () => {
      await at.commit([], [['below', 'counted', 3, 60_000]])
      for (const key of ['counted', 'fresh']) {
        const refused = await at.commit(
          [],
          [
            ['below', key, 3, 60_000],
            ['expect', 'nothing', '1'],
          ],
        )
        expect(refused).toMatchObject({ applied: false, refusedBy: 1 })
      }
      expect([await at.get('counted'), await at.get('fresh')]).toEqual(['1', null])
    })

    it('below begins anew after its window, which later ones do not make longer', async () => {
      await at.commit([], [['below', 'counted', 2, at.shortMs]])
      await at.commit([], [['below', 'counted', 2, 60_000]])
      await at.expired(async () => (await at.get('counted')) === null)
      expect(await at.commit([], [['below', 'counted', 2, 0]])).toMatchObject({ applied: true })
      expect(await at.get('counted')).toBe('1')
    })

    it('refused writes leave those of the same turn alone', async () => {
      await at.write(['set', 'version', '1', 0])
      const [before, refused, after] = await Promise.all([
        at.commit([['incr', 'count', 1, 0]]),
        at.commit([['incr', 'count', 100, 0]], [['expect', 'version', '9']]),
        at.commit([['incr', 'count', 1, 0]]),
      ])
      expect([before.applied, refused.applied, after.applied]).toEqual([true, false, true])
      expect(await at.get('count')).toBe('2')
    })
  })
}
