import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SubscriptionTrie } from '../../../src/mqtt/embedded/subscription-trie.ts'
import { matchesFilter } from '../../../src/mqtt/embedded/topic-filter.ts'

const filters = fc.constantFrom('a', 'a/b', 'a/+', 'a/#', '#', '+', '+/b', '+/#', '$s/a', '$s/#')
const topics = fc.constantFrom('a', 'a/b', 'a/b/c', 'b', '$s', '$s/a', '/a', 'a/')
const steps = fc.record({
  add: fc.boolean(),
  clientId: fc.constantFrom('x', 'y', '__proto__'),
  topic: filters,
})

test('match() finds exactly what looking at every subscription would find', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 40 }), topics, (changes, topic) => {
      const trie = new SubscriptionTrie()
      const model = new Map<string, { clientId: string; topic: string }>()
      for (const { add, clientId, topic: filter } of changes) {
        const key = `${clientId} ${filter}`
        if (add) model.set(key, { clientId, topic: filter })
        else model.delete(key)
        if (add) trie.add({ clientId, topic: filter, qos: 1 })
        else trie.remove(clientId, filter)
      }
      const expected = [...model.values()].filter((each) => matchesFilter(each.topic, topic))
      const found = trie.match(topic).map((each) => `${each.clientId} ${each.topic}`)
      expect(found.sort()).toEqual(expected.map((each) => `${each.clientId} ${each.topic}`).sort())
      expect(trie.size).toBe(model.size)
    }),
  )
})
