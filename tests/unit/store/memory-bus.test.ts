import { describe, expect, it } from 'vitest'
import { MemoryBus } from '../../../src/store/memory-bus.ts'

describe('MemoryBus', () => {
  it('gives every listener of a channel every message, in order', async () => {
    const bus = new MemoryBus()
    const [a, b, other]: [string[], string[], string[]] = [[], [], []]
    await bus.subscribe('sessions', (message) => a.push(message))
    await bus.subscribe('sessions', (message) => b.push(message))
    await bus.subscribe('limits', (message) => other.push(message))
    await Promise.all(['1', '2', '3'].map((message) => bus.publish('sessions', message)))
    expect([a, b, other]).toEqual([['1', '2', '3'], ['1', '2', '3'], []])
  })

  it('does not call a listener from within the call that publishes', async () => {
    const bus = new MemoryBus()
    const heard: string[] = []
    await bus.subscribe('c', (message) => heard.push(message))
    const published = bus.publish('c', 'x')
    expect(heard).toEqual([])
    await published
    expect(heard).toEqual(['x'])
  })

  it('ends each subscription on its own, also of one function', async () => {
    const bus = new MemoryBus()
    const heard: string[] = []
    const listener = (message: string) => heard.push(message)
    const stop = await bus.subscribe('c', listener)
    await bus.subscribe('c', listener)
    await stop()
    await bus.publish('c', 'x')
    expect(heard).toEqual(['x'])
  })

  it('is silent once closed', async () => {
    const bus = new MemoryBus()
    const heard: string[] = []
    await bus.subscribe('c', (message) => heard.push(message))
    await bus.close()
    await bus.publish('c', 'x')
    expect(heard).toEqual([])
  })
})
