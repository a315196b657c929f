import { describe, expect, it } from 'vitest'
import { Counts, countedOf } from '../../../services/statistics/counts.ts'
import { Keys } from '../../../src/store/keys.ts'

describe('Counts', () => {
  it.each(['order.shipped', 'a/b c%', 'größer', 'half a \ud800 character'])(
    'counts a type whatever its letters are: %j',
    (type) => {
      const counted = { type, channels: ['email', 'sms'], metric: 'sent' } as const
      const ops = new Counts(new Keys()).ops([counted], { partition: 0, now: 0 })
      const [, , name] = ops.find(([verb]) => verb === 'sadd') ?? []
      expect(countedOf(String(name))).toEqual([
        { type: type.toWellFormed(), variant: '', channel: 'email', metric: 'sent' },
        { type: type.toWellFormed(), variant: '', channel: 'sms', metric: 'sent' },
      ])
    },
  )
})
