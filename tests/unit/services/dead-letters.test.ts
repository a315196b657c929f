import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DeadLetters } from '../../../services/operations/dead-letters.ts'
import { Forbidden } from '../../../src/support/errors.ts'
import { FlowBench } from '../../support/flow-bench.ts'

const SECRET = 'eyJhbGciOiJIUzI1NiJ9.secret'

describe('what is kept of a refused message', () => {
  let bench: FlowBench
  beforeEach(() => {
    bench = new FlowBench()
  })
  afterEach(() => bench.store.close())

  const keep = (payload: Buffer) =>
    new DeadLetters(bench).add({
      error: new Forbidden('no').toBody(),
      ...{ door: 'mqtt', topic: 'a', peer: 'p', payload },
    })

  it('is text without its token, also where it is cut within a character', async () => {
    const text = JSON.stringify({ token: SECRET, message: `${'x'.repeat(16_325)}äöüäöüäöü` })
    for (let shift = 0; shift < 2; shift++) {
      const letter = await keep(Buffer.from(text.replace('x', 'x'.repeat(1 + shift))))
      expect(letter).toMatchObject({ binary: false, bytes: Buffer.byteLength(text) + shift })
      expect(letter.payload).toContain('"token":"[hidden]"')
      expect(letter.payload).not.toContain('\uFFFD')
    }
  })

  it('says itself that it holds a replacement character', async () => {
    const letter = await keep(Buffer.from(JSON.stringify({ token: SECRET, message: '\uFFFD' })))
    expect(letter).toMatchObject({ binary: false, payload: expect.stringContaining('\uFFFD') })
    expect(letter.payload).not.toContain(SECRET)
  })

  it('is base64 where it is no text, without its token too', async () => {
    const payload = Buffer.concat([
      Buffer.from(JSON.stringify({ token: SECRET })),
      Buffer.from([0xff, 0xfe]),
    ])
    const letter = await keep(payload)
    expect(letter.binary).toBe(true)
    const bytes = Buffer.from(letter.payload, 'base64')
    expect(bytes.toString('latin1')).not.toContain(SECRET)
    expect(bytes.subarray(-2)).toEqual(Buffer.from([0xff, 0xfe]))
  })
})
