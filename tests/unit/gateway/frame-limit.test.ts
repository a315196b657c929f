import { describe, expect, it } from 'vitest'
import { FrameLimit } from '../../../src/gateway/frame-limit.ts'
import { FakeClock } from '../../support/fake-clock.ts'

describe('FrameLimit', () => {
  it('admit() turns a user away after 300 frames, others and acknowledgements not, until the window ends', () => {
    const clock = new FakeClock()
    const limit = new FrameLimit(clock)
    for (let n = 0; n < 300; n++) limit.admit('ada', 'list')
    expect(() => limit.admit('ada', 'list')).toThrow('Rate limit exceeded')
    expect(() => limit.admit('ada', 'ack')).not.toThrow()
    expect(() => limit.admit('bob', 'list')).not.toThrow()
    clock.advance(10_000)
    expect(() => limit.admit('ada', 'list')).not.toThrow()
  })
})
