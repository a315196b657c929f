import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Directory } from '../../../services/directory/directory.ts'
import { Memberships } from '../../../services/directory/memberships.ts'
import { Unavailable } from '../../../src/support/errors.ts'
import { FlowBench } from '../../support/flow-bench.ts'

describe('the directory when something fails', () => {
  let bench: FlowBench
  beforeEach(() => {
    bench = new FlowBench()
  })
  afterEach(() => bench.store.close())

  it('finds those who were asked for together with somebody whom another list cannot tell', async () => {
    const own = {
      find: async (id: string) => {
        if (id === 'bad') throw new Error('that row is broken')
        return { email: `${id}@example.com` }
      },
    }
    const directory = new Directory({ ...bench, memberships: new Memberships(bench), own })
    const found = await Promise.allSettled(
      ['ada', 'bad', 'bob'].map((id) => directory.recipient(id)),
    )
    expect(found.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(found[2]).toMatchObject({ value: { user: { email: 'bob@example.com' } } })
    expect(found[1]).toMatchObject({ reason: { message: 'that row is broken' } })
  })

  it('finds them also where what is stored of somebody cannot be read', async () => {
    const { store, keys, services } = bench
    await store.commit({ partition: 0, ops: [['set', keys.profile('bad'), '{oops', 0]] })
    const found = await Promise.allSettled(
      ['ada', 'bad'].map((id) => services.directory.recipient(id)),
    )
    expect(found.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
  })

  it('puts somebody into his groups when a save that failed half-way is made again', async () => {
    const { store, keys, services } = bench
    const { directory, memberships } = services
    await directory.save('ada', { groups: ['old'] })
    const commit = store.commit.bind(store)
    store.commit = (write) => {
      const isGroup = write.ops.some(([, key]) => String(key).startsWith('group:'))
      if (isGroup) return Promise.reject(new Unavailable('That partition is away.'))
      return commit(write)
    }
    const wanted = { groups: ['ops'], roles: ['admin'] }
    await expect(directory.save('ada', wanted)).rejects.toThrow(Unavailable)
    store.commit = commit
    await directory.save('ada', wanted)
    expect(await memberships.groupMembers('ops')).toEqual(['ada'])
    expect(await memberships.groupMembers('old')).toEqual([])
    expect(await store.members(0, keys.role('admin'))).toEqual(['ada'])
  })
})
