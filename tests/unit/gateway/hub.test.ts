import { describe, expect, it } from 'vitest'
import { ConnectionLimits, DEFAULT_LIMITS } from '../../../src/gateway/connection-limits.ts'
import { address, Hub, type Receiver } from '../../../src/gateway/hub.ts'

class Client implements Receiver<string> {
  readonly id: string
  readonly got: string[] = []

  constructor(id: string) {
    this.id = id
  }

  receive(message: string): void {
    this.got.push(message)
  }
}

describe('Hub', () => {
  it('delivers to all clients of a user and to nobody else', () => {
    const hub = new Hub<string, Client>()
    const [phone, desk, other] = [new Client('1'), new Client('2'), new Client('3')]
    hub.add('ann', phone)
    hub.add('ann', desk)
    hub.add('ben', other)
    hub.deliver('ann', 'hello')
    hub.remove('ann', desk)
    hub.deliver('ann', 'again')
    expect(hub.clientsOf('ann')).toEqual([phone])
    hub.remove('ann', desk)
    hub.remove('ann', phone)
    hub.deliver('ann', 'nobody')
    expect(phone.got).toEqual(['hello', 'again'])
    expect(desk.got).toEqual(['hello'])
    expect(other.got).toEqual([])
    expect(hub.userCount).toBe(1)
  })

  it('keeps telling the others when one leaves while it is told', () => {
    const hub = new Hub<string, Client>()
    const [first, second] = [new Client('1'), new Client('2')]
    first.receive = () => hub.remove('ann', first)
    hub.add('ann', first)
    hub.add('ann', second)
    hub.deliver('ann', 'hello')
    expect(second.got).toEqual(['hello'])
  })

  it('broadcasts to the subscribers of a channel but one, and forgets empty channels', () => {
    const hub = new Hub<string, Client>()
    const [a, b] = [new Client('a'), new Client('b')]
    hub.subscribe('news', a)
    hub.subscribe('news', b)
    hub.subscribe('news', b)
    hub.broadcast('news', 'one', 'a')
    expect([a.got, b.got]).toEqual([[], ['one']])
    expect(hub.countOn('news')).toBe(2)
    hub.unsubscribe('news', a)
    hub.unsubscribe('news', b)
    hub.unsubscribe('news', b)
    expect([...hub.channels()]).toEqual([])
    hub.broadcast('news', 'two')
  })

  it('keeps names of tenants apart', () => {
    expect(address('', 'ann')).not.toBe(address('t:acme:', 'ann'))
    expect(address('', 't:acme:ann')).not.toBe(address('t:acme:', 'ann'))
  })
})

describe('ConnectionLimits', () => {
  it('admits up to the limit of an address and of all, and again when one has left', () => {
    const limits = new ConnectionLimits({ ...DEFAULT_LIMITS, perAddress: 2, total: 3 })
    expect(limits.enter('a')).toBe('admitted')
    expect(limits.enter('a')).toBe('admitted')
    expect(limits.enter('a')).toBe('address_full')
    expect(limits.enter('b')).toBe('admitted')
    expect(limits.enter('c')).toBe('full')
    limits.leave('a')
    expect(limits.enter('a')).toBe('admitted')
    expect(limits.total).toBe(3)
  })

  it('does not count addresses of this machine: a proxy stands for many', () => {
    const limits = new ConnectionLimits({ ...DEFAULT_LIMITS, perAddress: 1 })
    for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1']) {
      expect([limits.enter(address), limits.enter(address)]).toEqual(['admitted', 'admitted'])
    }
  })
})
