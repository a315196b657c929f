import { beforeEach, describe, expect, it } from 'vitest'
import {
  type EventDispatcher as Dispatcher,
  EventDispatcher,
} from '../../../src/events/dispatcher.ts'
import { entity, Vetoed } from '../../../src/events/entity.ts'
import { Event, ShouldBroadcast } from '../../../src/events/event.ts'
import { EventListener, EventPriority } from '../../../src/events/listener.ts'
import { ListenerTable } from '../../../src/events/listener-table.ts'
import { silentLog as log } from '../../support/delivery.ts'
import { FakeClock } from '../../support/fake-clock.ts'

class OrderShipped extends Event {
  readonly orderId: number

  constructor(orderId: number) {
    super()
    this.orderId = orderId
  }
}

class ModelEvent extends Event {}
class PostCreated extends ModelEvent {}

describe('EventDispatcher', () => {
  let events: Dispatcher
  const heard: string[] = []
  const say =
    (word: string, answer?: unknown) =>
    (..._: unknown[]) => {
      heard.push(word)
      return answer
    }

  beforeEach(() => {
    heard.length = 0
    events = new EventDispatcher({ clock: new FakeClock(), log, table: new ListenerTable() })
  })

  it('[S0-034 S0-036 S0-045 G-19] asks by priority, exact ones before patterns, then as they came', async () => {
    events.listen('order.*', say('pattern'))
    events.listen(OrderShipped, say('first'))
    events.listen('order.shipped', say('named'))
    events.listen('*.shipped', say('urgent pattern'), { priority: EventPriority.HIGH })
    events.listen(OrderShipped, say('last'), { priority: EventPriority.LOWEST })
    const event = new OrderShipped(7)
    expect(event.timestamp).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/)
    await events.dispatch(event)
    expect(heard).toEqual(['urgent pattern', 'first', 'named', 'pattern', 'last'])
  })

  it('[S0-052] gives patterns the name and the payloads; `*` runs over dots', async () => {
    const got: unknown[] = []
    events.listen('order.*', (name, payload) => got.push([name, payload]))
    await events.dispatch('order.status.changed', { id: 1 })
    await events.dispatch('orders', {})
    expect(got).toEqual([['order.status.changed', [{ id: 1 }]]])
  })

  it('lets listeners of a base class hear of its kin', async () => {
    events.listen(ModelEvent, say('model'))
    await events.dispatch(new PostCreated())
    expect(heard).toEqual(['model'])
  })

  it('answers with what listeners answered, and stops where one answers false', async () => {
    events.listen('a', say('one', 1))
    events.listen('a', say('stop', false))
    events.listen('a', say('never'))
    expect(await events.dispatch('a')).toEqual([1])
    expect(heard).toEqual(['one', 'stop'])
  })

  it('until() answers with the first answer there is', async () => {
    events.listen('a', say('none'))
    events.listen('a', say('answer', 'yes'))
    events.listen('a', say('never'))
    expect(await events.until('a')).toBe('yes')
    expect(heard).toEqual(['none', 'answer'])
  })

  it('vetoedBy() hears everybody until one answers false: neither true nor an error stops it', async () => {
    events.listen('a', say('yes', true))
    events.listen('a', () => {
      throw new Error('no')
    })
    expect(await events.vetoedBy('a')).toBeNull()
    events.listen('a', function guard() {
      return false
    })
    events.listen('a', say('too late'))
    expect(await events.vetoedBy('a')).toBe('guard')
    expect(await events.until('a')).toBe(true)
    expect(heard).toEqual(['yes', 'yes', 'yes'])
  })

  it('[S3-041] one listener that throws leaves the others alone, and is reported once', async () => {
    class Bad extends EventListener<OrderShipped> {
      handle() {
        throw new Error('no')
      }
      override failed(event: OrderShipped, error: Error) {
        heard.push(`failed ${event.orderId}: ${error.message}`)
      }
    }
    events.listen(OrderShipped, Bad)
    events.listen(OrderShipped, say('good'))
    events.listen('*.failed', (name, [payload]) => {
      heard.push(`${name} ${(payload as { listener: string }).listener}`)
    })
    await events.dispatch(new OrderShipped(7))
    expect(heard).toEqual(['failed 7: no', 'listener.failed Bad', 'good'])
  })

  it('a listener of failures that fails does not hear of itself', async () => {
    events.listen('*.failed', () => {
      heard.push('failure')
      throw new Error('again')
    })
    events.listen('a', () => {
      throw new Error('no')
    })
    await events.dispatch('a')
    expect(heard).toEqual(['failure'])
  })

  it('[S3-041] asks all at once where it is told to', async () => {
    const parallel = new EventDispatcher({
      ...{ clock: new FakeClock(), log, mode: 'parallel' as const, table: new ListenerTable() },
    })
    const gate = Promise.withResolvers<void>()
    parallel.listen('a', async () => {
      await gate.promise
      heard.push('slow')
    })
    parallel.listen('a', () => {
      heard.push('fast')
      gate.resolve()
    })
    await parallel.dispatch('a')
    expect(heard).toEqual(['fast', 'slow'])
  })

  it.each([
    [false, ['listener']],
    [true, ['broadcast', 'listener']],
  ])('[S0-038] broadcastFirst %s: a listener that stops the event', async (first, expected) => {
    class Told extends ShouldBroadcast(Event) {
      override broadcastFirst = first
      override broadcastOn() {
        return 'a'
      }
    }
    const parts = { clock: new FakeClock(), log, table: new ListenerTable() }
    events = new EventDispatcher({ ...parts, broadcast: async () => void heard.push('broadcast') })
    events.listen(Told, say('listener', false))
    await events.dispatch(new Told())
    expect(heard).toEqual(expected)
  })

  it('defer() lets events go after it, and not at all if it throws', async () => {
    events.listen('*', (name) => heard.push(name))
    await events.defer(async () => {
      await events.dispatch('inside')
      heard.push('work')
    })
    const broken = events.defer(async () => {
      await events.dispatch('lost')
      throw new Error('undone')
    })
    await expect(broken).rejects.toThrow('undone')
    expect(heard).toEqual(['work', 'inside'])
  })

  it('push() keeps until flush(); forget() takes listeners out; hasListeners() knows', async () => {
    events.listen(OrderShipped, say('order'))
    expect(events.hasListeners(OrderShipped)).toBe(true)
    events.push(new OrderShipped(1))
    events.push(new OrderShipped(2))
    expect(heard).toEqual([])
    await events.flush(OrderShipped)
    expect(heard).toEqual(['order', 'order'])
    events.forget(OrderShipped)
    expect(events.hasListeners(OrderShipped)).toBe(false)
    await events.dispatch(new OrderShipped(3))
    expect(heard).toHaveLength(2)
  })

  it('lets subscribers say themselves what they listen to', async () => {
    events.subscribe({
      subscribe({ listen }) {
        listen('a', say('a'))
        listen('b', say('b'))
      },
    })
    await events.dispatch('a')
    await events.dispatch('b')
    expect(heard).toEqual(['a', 'b'])
  })

  it('refuses a queued listener without a name', () => {
    const listen = () => events.listen('a', () => {}, { queue: true, name: '' })
    expect(listen).toThrow('needs a name')
  })

  describe('entity()', () => {
    const posts = {
      rows: new Map<string, { title: string }>(),
      create(post: { id: string; title: string }) {
        this.rows.set(post.id, post)
        return post
      },
      update(id: string, changes: { title: string }) {
        Object.assign(this.rows.get(id)!, changes)
      },
      delete(id: string) {
        this.rows.delete(id)
      },
      find(id: string) {
        return this.rows.get(id)
      },
    }

    it('[S0-042 S0-050] tells before and after each change', async () => {
      events.listen('post.*', (name, [event]) => {
        const { changes } = event as { changes?: object }
        heard.push(changes ? `${name} ${JSON.stringify(changes)}` : name)
      })
      const watched = entity('post', posts, { events })
      await watched.create({ id: 'p', title: 'Hello World' })
      await watched.update('p', { title: 'Updated Title' })
      expect(watched.find('p')).toMatchObject({ title: 'Updated Title' })
      await watched.delete('p')
      expect(heard).toEqual([
        ...['post.creating', 'post.created'],
        'post.updating {"title":"Updated Title"}',
        'post.updated {"title":"Updated Title"}',
        ...['post.deleting', 'post.deleted'],
      ])
    })

    it('a listener that answers false before keeps the change from happening, whoever agreed', async () => {
      events.listen('post.deleting', () => true)
      events.listen('post.deleting', () => false)
      const watched = entity('post', posts, { events })
      await watched.create({ id: 'kept', title: 'x' })
      await expect(watched.delete('kept')).rejects.toThrow(Vetoed)
      expect(posts.rows.has('kept')).toBe(true)
    })
  })
})
