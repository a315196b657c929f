import { describe, expect, expectTypeOf, it } from 'vitest'
import { Event, EventDispatcher, fill, type NamesIn, Router, systemClock } from '../../src/index.ts'
import { silentLog as log } from '../support/delivery.ts'

class OrderShipped extends Event {
  readonly order: number

  constructor(order: number) {
    super()
    this.order = order
  }
}

describe('names that the compiler checks', () => {
  it('in texts: fill() takes the names between braces, and no others', () => {
    expectTypeOf<NamesIn<'{greeting} {name}, order {order}'>>().toEqualTypeOf<
      'greeting' | 'name' | 'order'
    >()
    expect(fill('Order {order} of {name}', { order: 7, name: 'Ada' })).toBe('Order 7 of Ada')
    // @ts-expect-error a name is missing
    expect(fill('Order {order} of {name}', { order: 7 })).toBe('Order 7 of {name}')
    // @ts-expect-error a name is misspelt
    fill('Order {order}', { ordr: 7 })
    const text: string = 'Hello {name}'
    expect(fill(text, { name: 'Ada' })).toBe('Hello Ada')
  })

  it.each(['{name}', '$&', '$1', '{constructor}', '{{name}}'])(
    'fill() puts %s in as it is',
    (value) => {
      expect(fill('Hello {name}!', { name: value })).toBe(`Hello ${value}!`)
      expect(fill('{constructor} {__proto__}' as string, {})).toBe('{constructor} {__proto__}')
    },
  )

  it('in topics: a handler has the parameters of its pattern', () => {
    new Router().group('orders/{order}', [], (orders) => {
      orders.on('items/{item}', { qos: 1 }, async ({ params }) => {
        expectTypeOf(params).toEqualTypeOf<{ readonly order: string; readonly item: string }>()
        // @ts-expect-error the pattern names no such parameter
        return params.place
      })
    })
  })

  it('in events: a listener has the fields of its class', async () => {
    const events = new EventDispatcher({ clock: systemClock, log })
    events.listen(OrderShipped, (event) => {
      expectTypeOf(event.order).toEqualTypeOf<number>()
      // @ts-expect-error the event has no such field
      return event.ordr
    })
    // @ts-expect-error the event is made with a number
    const wrong = () => new OrderShipped('7')
    expect(await events.dispatch(new OrderShipped(7))).toEqual([undefined])
    expect(typeof wrong).toBe('function')
  })
})
