import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inPartition, partitionOf, uuidBeside, uuidFrom, uuidv7 } from '../../../src/index.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

describe('uuidFrom', () => {
  it('the same words make the same UUID, and where a word ends counts', () => {
    expect(uuidFrom('a', 'b')).toBe(uuidFrom('a', 'b'))
    expect(uuidFrom('a', 'b')).toMatch(UUID)
    expect(uuidFrom('ab', '')).not.toBe(uuidFrom('a', 'b'))
  })
})

describe('uuidBeside', () => {
  it('is made of the words and of the whole UUID, and lies where that does in order', () => {
    const [one, two] = [uuidv7(1_000), uuidv7(1_000)]
    expect(uuidBeside(one, {}, 'ada')).toBe(uuidBeside(one, {}, 'ada'))
    expect(uuidBeside(one, {}, 'ada')).toMatch(UUID)
    expect(uuidBeside(one, {}, 'ada')).not.toBe(uuidBeside(one, {}, 'joan'))
    expect(uuidBeside(one, {}, 'ada')).not.toBe(uuidBeside(two, {}, 'ada'))
    expect(uuidBeside(one, {}, 'ada') < uuidBeside(uuidv7(1_001), {}, 'ada')).toBe(true)
  })

  it('lies among its like by its place', () => {
    const one = uuidv7(1_000)
    expect(uuidBeside(one, { place: 7 }, 'ada')).toMatch(UUID)
    expect(uuidBeside(one, { place: 7 }, 'ada') < uuidBeside(one, { place: 16 }, 'bob')).toBe(true)
    expect(uuidBeside(one, { place: 7 }, 'ada')).not.toBe(uuidBeside(one, { place: 7 }, 'bob'))
  })

  it('beside what is no UUID it is any other', () => {
    expect(uuidBeside('storm', {}, 'ada')).toBe(uuidFrom('storm', 'ada'))
  })
})

describe('inPartition', () => {
  it('moves a UUID into any partition', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.nat(), fc.string(), (count, at, word) => {
        const uuid = inPartition(uuidBeside(uuidv7(), {}, word), at % count, count)
        expect(partitionOf(uuid, count)).toBe(at % count)
      }),
    )
  })
})
