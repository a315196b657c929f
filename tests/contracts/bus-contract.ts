import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Bus } from '../../src/store/bus.ts'
import { waitFor } from '../support/wait-for.ts'

/** Two ends of one installation's bus; where there is one process, both are the same. */
export interface BusUnderTest {
  readonly bus: Bus
  readonly other: Bus
  tearDown(): Promise<void>
}

/** Every promise of `Bus`, for any adapter. */
export function describeBus(name: string, setUp: () => Promise<BusUnderTest>): void {
  describe(`${name} keeps the bus contract`, () => {
    let under: BusUnderTest
    let bus: Bus
    let other: Bus
    beforeEach(async () => {
      under = await setUp()
      bus = under.bus
      other = under.other
    })
    afterEach(() => under.tearDown())

    const listen = async (on: Bus, channel: string) => {
      const heard: string[] = []
      const stop = await on.subscribe(channel, (message) => heard.push(message))
      return { heard, stop }
    }
    const hears = (heard: readonly string[], count: number) =>
      waitFor(() => heard.length >= count, { message: `heard ${heard.length} of ${count}` })

    it('brings a message to the listeners of its channel, on every end', async () => {
      const here = await listen(bus, 'news')
      const there = await listen(other, 'news')
      const elsewhere = await listen(bus, 'weather')
      await other.publish('news', 'a')
      await bus.publish('news', 'b')
      await bus.publish('weather', 'rain')
      await hears(here.heard, 2)
      await hears(there.heard, 2)
      await hears(elsewhere.heard, 1)
      expect(here.heard.toSorted()).toEqual(['a', 'b'])
      expect(there.heard.toSorted()).toEqual(['a', 'b'])
      expect(elsewhere.heard).toEqual(['rain'])
    })

    it('is subscribed as soon as subscribe() has resolved', async () => {
      for (let n = 0; n < 20; n++) {
        const { heard, stop } = await listen(bus, `channel-${n}`)
        await other.publish(`channel-${n}`, 'now')
        await hears(heard, 1)
        await stop()
      }
    })

    it('keeps the order of one sender', async () => {
      const { heard } = await listen(bus, 'order')
      const expected = Array.from({ length: 500 }, (_, n) => `${n}`)
      await Promise.all(expected.map((message) => other.publish('order', message)))
      await hears(heard, 500)
      expect(heard).toEqual(expected)
    })

    it('brings the publisher its own messages, the same words as often as they were sent', async () => {
      const here = await listen(bus, 'news')
      const there = await listen(other, 'news')
      for (let n = 0; n < 3; n++) await bus.publish('news', 'again')
      await hears(there.heard, 3)
      // What the other end sends now comes after anything that is still on its way to us.
      await other.publish('news', 'again')
      await other.publish('news', 'end')
      await waitFor(() => here.heard.includes('end') && there.heard.includes('end'))
      const expected = ['again', 'again', 'again', 'again', 'end']
      expect([here.heard, there.heard]).toEqual([expected, expected])
    })

    it('passes any text', async () => {
      const { heard } = await listen(bus, 'user.a@b.com|1')
      const messages = ['', '{"a":1}', 'ä€𝄞\n\0', 'x'.repeat(100_000)]
      for (const message of messages) await other.publish('user.a@b.com|1', message)
      await hears(heard, messages.length)
      expect(heard).toEqual(messages)
    })

    it('stops one listener and leaves the others', async () => {
      const first = await listen(bus, 'news')
      const second = await listen(bus, 'news')
      await first.stop()
      await first.stop()
      await other.publish('news', 'a')
      await hears(second.heard, 1)
      expect(first.heard).toEqual([])
      await second.stop()
      const third = await listen(bus, 'news')
      await other.publish('news', 'b')
      await hears(third.heard, 1)
      expect([first.heard, second.heard]).toEqual([[], ['a']])
    })

    it('takes one function twice and ends each subscription on its own', async () => {
      const heard: string[] = []
      const listener = (message: string) => void heard.push(message)
      const stop = await bus.subscribe('news', listener)
      await bus.subscribe('news', listener)
      await other.publish('news', 'a')
      await hears(heard, 2)
      await stop()
      await other.publish('news', 'b')
      await hears(heard, 3)
      expect(heard).toEqual(['a', 'a', 'b'])
    })

    it('serves many channels at once', async () => {
      const channels = Array.from({ length: 200 }, (_, n) => `user-${n}`)
      const listeners = await Promise.all(channels.map((channel) => listen(bus, channel)))
      await Promise.all(channels.map((channel) => other.publish(channel, channel)))
      await waitFor(() => listeners.every(({ heard }) => heard.length === 1), {
        message: 'not every channel was heard',
      })
      expect(listeners.map(({ heard }) => heard[0])).toEqual(channels)
    })
  })
}
