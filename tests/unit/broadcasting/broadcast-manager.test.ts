import { createRequire } from 'node:module'
import type PusherServer from 'pusher'
import { describe, expect, it } from 'vitest'
import { AppCredentials } from '../../../src/broadcasting/app-credentials.ts'
import { Broadcast } from '../../../src/broadcasting/broadcast.ts'
import { BroadcastManager } from '../../../src/broadcasting/broadcast-manager.ts'
import type { BroadcastMessage, QueuedBroadcast } from '../../../src/broadcasting/broadcaster.ts'

const Pusher = createRequire(import.meta.url)('pusher') as typeof PusherServer

function recorder(name = 'memory') {
  const sent: BroadcastMessage[] = []
  const broadcaster = {
    name,
    broadcast: async (message: BroadcastMessage) => void sent.push(message),
  }
  return { sent, broadcaster }
}

describe('BroadcastManager', () => {
  it('without a queue hands on at once, each channel once', async () => {
    const { sent, broadcaster } = recorder()
    const manager = new BroadcastManager({
      connections: { memory: broadcaster },
      standard: 'memory',
    })
    await manager.channels(['a', 'a', 'private-b']).toOthers('1.2').send('x', { n: 1 })
    await manager.presence('room.1').send('y')
    expect(sent).toEqual([
      { channels: ['a', 'private-b'], event: 'x', data: '{"n":1}', except: '1.2' },
      { channels: ['presence-room.1'], event: 'y', data: '{}', except: null },
    ])
  })

  it('queues one broadcast a connection, and nothing that no worker could hand on', async () => {
    const queued: QueuedBroadcast[] = []
    const queue = { push: async (all: readonly QueuedBroadcast[]) => void queued.push(...all) }
    const connections = { one: recorder().broadcaster, two: recorder().broadcaster }
    const manager = new BroadcastManager({ connections, standard: 'one', queue })
    await manager.channel('a').via('one', 'two').onQueue('critical-broadcasts').send('x')
    expect(queued.map(({ connection, queue: name }) => [connection, name])).toEqual([
      ['one', 'critical-broadcasts'],
      ['two', 'critical-broadcasts'],
    ])
    await expect(manager.channel('a').via('three').send('x')).rejects.toThrow('there are: one,two')
    expect(queued).toHaveLength(2)
  })

  it.each([
    [
      'a channel that cannot be',
      (m: BroadcastManager) => m.channel('no spaces').send('x'),
      'no channel',
    ],
    ['no channel', (m: BroadcastManager) => m.channels([]).send('x'), '1 to 1000'],
    [
      'an event of the protocol',
      (m: BroadcastManager) => m.channel('a').send('pusher:x'),
      'An event',
    ],
    [
      'a queue nobody works on',
      async (m: BroadcastManager) => m.channel('a').onQueue('b'),
      'broadcasts and critical-broadcasts',
    ],
    [
      'more than 256 KiB',
      (m: BroadcastManager) => m.channel('a').send('x', 'a'.repeat(300_000)),
      '262144',
    ],
  ])('refuses %s', async (_what, send, message) => {
    const { sent, broadcaster } = recorder()
    const manager = new BroadcastManager({ connections: { m: broadcaster }, standard: 'm' })
    await expect(send(manager)).rejects.toThrow(message)
    expect(sent).toEqual([])
  })

  it('[S0-039 S0-040 S0-041] takes name, data, queue and connections from the event', async () => {
    const { sent, broadcaster } = recorder()
    const manager = new BroadcastManager({ connections: { m: broadcaster }, standard: 'm' })
    const user = { id: 7, name: 'Ada' }
    class UserRegistered {
      static readonly eventName = 'user.registered'
      readonly user = user
      readonly socket = '1.2'
      broadcastOn = () => ['user-events', `user.${this.user.id}`]
    }
    class Renamed extends UserRegistered {
      broadcastAs = () => 'user.renamed'
      broadcastWith = () => ({ name: this.user.name })
    }
    expect(await manager.event(new UserRegistered())).toBe(true)
    expect(await manager.event(new Renamed())).toBe(true)
    const channels = ['user-events', 'user.7']
    expect(sent).toEqual([
      { channels, event: 'user.registered', data: JSON.stringify({ user }), except: '1.2' },
      { channels, event: 'user.renamed', data: '{"name":"Ada"}', except: '1.2' },
    ])
  })

  it('reports the error of an event that wants to be rescued, and throws any other', async () => {
    const rescued: unknown[] = []
    const failing = { name: 'm', broadcast: () => Promise.reject(new Error('down')) }
    const manager = new BroadcastManager({
      ...{ connections: { m: failing }, standard: 'm' },
      onRescued: (error) => void rescued.push(error),
    })
    const event = { broadcastOn: () => 'a', broadcastAs: () => 'x' }
    await expect(manager.event(event)).rejects.toThrow('down')
    expect(await manager.event({ ...event, shouldRescue: true })).toBe(false)
    expect(rescued).toHaveLength(1)
  })
})

describe('Broadcast.configure', () => {
  it('[S0-057 S0-058] takes the options of the seed', () => {
    const pusher = {
      app_id: 'your-app-id',
      key: 'your-key',
      secret: 's',
      cluster: 'us2',
      use_tls: true,
    }
    expect(Broadcast.configure('pusher', pusher).name).toBe('pusher')
    expect(
      Broadcast.configure('websocket', { secret: 's', host: '0.0.0.0', port: 6001 }).name,
    ).toBe('pusher')
    expect(() => Broadcast.configure('pusher', { key: 'k', secret: 's' })).toThrow('app_id')
    expect(() => Broadcast.configure('carrier-pigeon')).toThrow('there are: pusher')
  })
})

describe('the signature of requests', () => {
  it('is that of the official server library', () => {
    const options = { appId: 'app', key: 'key', secret: 'secret', useTLS: true, cluster: 'mt1' }
    const library = new Pusher(options) as unknown as {
      createSignedQueryString(request: object): string
    }
    const body = JSON.stringify({ name: 'x', channels: ['a'], data: '{}' })
    const request = { method: 'POST', path: '/apps/app/events', body }
    const theirs = new URLSearchParams(library.createSignedQueryString(request))
    const credentials = new AppCredentials({ id: 'app', key: 'key', secret: 'secret' })
    const now = Number(theirs.get('auth_timestamp')) * 1000
    const ours = new URL(credentials.signedUrl(request, now), 'http://h').searchParams
    expect(Object.fromEntries(ours)).toEqual(Object.fromEntries(theirs))
  })
})
