import { describe, expect, it } from 'vitest'
import { Unavailable } from '../../../src/support/errors.ts'
import { insist } from '../../../src/support/insist.ts'
import { FakeClock } from '../../../src/testing/fake-clock.ts'

describe('insist', () => {
  /** What failed just now has said so. */
  const failed = () => new Promise(setImmediate)
  const away = () => Promise.reject(new Unavailable('away'))

  it('tries again after longer and longer pauses, and answers with what came at last', async () => {
    const clock = new FakeClock()
    const triedAt: number[] = []
    const startedAt = clock.now()
    const told: string[] = []
    const result = insist(
      () => {
        triedAt.push(clock.now() - startedAt)
        return triedAt.length < 4 ? away() : Promise.resolve('here')
      },
      {
        clock,
        isOver: () => false,
        pauseMs: (repetition) => 100 * (repetition + 1),
        onAway: ({ message }) => told.push(message),
      },
    )
    for (let ms = 0; ms < 1_000; ms += 50) {
      await failed()
      await clock.advance(50)
    }
    expect(await result).toBe('here')
    expect(triedAt).toEqual([0, 100, 300, 600])
    expect(told).toEqual(['away', 'away', 'away'])
  })

  it('gives up with the failure when it is over, before a pause and after one', async () => {
    const clock = new FakeClock()
    await expect(insist(away, { clock, isOver: () => true })).rejects.toThrow('away')
    let isOver = false
    const result = insist(away, { clock, isOver: () => isOver })
    const ended = expect(result).rejects.toThrow('away')
    await failed()
    isOver = true
    await clock.advance(500)
    await ended
  })

  it('does not repeat what failed for another reason', async () => {
    const clock = new FakeClock()
    const wrong = () => Promise.reject(new TypeError('wrong'))
    await expect(insist(wrong, { clock, isOver: () => false })).rejects.toThrow('wrong')
  })
})
