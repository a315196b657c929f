import { describe, expect, it } from 'vitest'
import type { Member } from '../../../src/mqtt/fleet-plan.ts'
import { changeMembers } from '../../../src/mqtt/passing-members.ts'
import { SlotClients } from '../../../src/mqtt/slot-clients.ts'
import type { Subscriber } from '../../../src/mqtt/subscriber.ts'
import { openSqliteStore } from '../../../src/store/sqlite/sqlite-store.ts'
import { systemClock as clock } from '../../../src/support/clock.ts'
import { silentLog as log } from '../../support/delivery.ts'

const session = (clientId: string, filter: string): Member => ({
  ...{ clientId, filters: [filter], overlaps: false, only: null },
  subscriptions: [{ filter, qos: 1 }],
})

describe('changeMembers', () => {
  it('keeps what is still being emptied on record, until it is forgotten', async () => {
    const clients = new SlotClients(openSqliteStore({ path: ':memory:', clock, log }))
    const leftOver = session('n-1-old', 'old/+')
    const rooms = session('n-1-rooms', 'rooms/+')
    await clients.write(1, [leftOver])
    const changed = await changeMembers({
      ...{ members: [], planned: [rooms], clients, slot: 1, clock, isOver: () => false },
      make: ({ clientId }) => ({ clientId, start: () => {} }) as unknown as Subscriber,
    })
    expect(changed).toMatchObject({ members: [{ clientId: 'n-1-rooms' }], gone: [] })
    expect((await clients.read(1)).map(({ clientId }) => clientId)).toEqual([
      'n-1-rooms',
      'n-1-old',
    ])
    await clients.forget(1, [leftOver], [rooms])
    expect((await clients.read(1)).map(({ clientId }) => clientId)).toEqual(['n-1-rooms'])
    await clients.forget(1, [rooms], [rooms])
    expect((await clients.read(1)).map(({ clientId }) => clientId)).toEqual(['n-1-rooms'])
  })
})
