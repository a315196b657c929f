import {
  type Guard,
  Keys,
  keysOfTenant,
  type Migration,
  type Store,
  type StoredKey,
} from '../../src/index.ts'
import { AlertStore } from '../alerts/alert-store.ts'
import { Memberships } from '../directory/memberships.ts'
import { TimeZones } from '../directory/time-zones.ts'
import { parseProfile } from '../directory/user-record.ts'

const END = Number.MAX_SAFE_INTEGER
/** More alerts than anybody has open. */
const MOST = 1_000_000
/** Profiles that are looked at together. */
const TOGETHER = 200
const PROFILE = /^(?:t:([^:]+):)?user:(.+):profile$/
const OPEN_ALERTS = /^(?:t:([^:]+):)?alerts:open$/
const ON_CALL = /^(?:t:([^:]+):)?oncall:(.+)$/

/** Every step from the first release to this one, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  {
    to: 2,
    about: 'open alerts are found by their source, so that a storm can be told from a few',
    run: indexOpenAlerts,
  },
  {
    to: 3,
    about: 'people are found by their time zone, so that a message can follow their clocks',
    run: indexTimeZones,
  },
  { to: 4, about: 'types of alert with somebody on call are listed', run: listOnCallTypes },
  {
    to: 5,
    about:
      'what nobody answered is counted by severity, so that no critical alert waits for a lesser one',
    run: countBySeverity,
  },
]

/** Counted anew: the sets of before are named otherwise. */
async function countBySeverity(store: Store): Promise<void> {
  const old: StoredKey[] = []
  for await (const found of store.keys('*alerts:unanswered:*')) old.push(found)
  for (const { key, partition } of old) await store.commit({ partition, ops: [['del', key]] })
  const tenants = new Set<string>()
  for await (const { key } of store.keys('*alerts:open')) {
    const [, tenant = ''] = OPEN_ALERTS.exec(key) ?? []
    tenants.add(tenant)
  }
  for (const tenant of tenants) await indexOpenAlerts(store, keysOfTenant(tenant))
}

async function indexOpenAlerts(store: Store, keys = new Keys()): Promise<void> {
  const alerts = new AlertStore({ store, keys })
  for (let partition = 0; partition < store.partitions; partition++) {
    const open = await store.rangeByScore(partition, keys.openAlerts(), 0, END, MOST)
    for (const { member: id } of open) {
      const { alert, text } = await alerts.read(id)
      const guards: Guard[] = [['expect', keys.alert(id), text]]
      await store.commit({ partition, guards, ops: alerts.index.ops(null, alert) })
    }
  }
}

async function indexTimeZones(store: Store): Promise<void> {
  let profiles: StoredKey[] = []
  const flush = async () => {
    await Promise.all(profiles.map((profile) => indexTimeZone(store, profile)))
    profiles = []
  }
  for await (const found of store.keys('*user:*:profile')) {
    if (profiles.push(found) === TOGETHER) await flush()
  }
  await flush()
}

/** Whoever changes a profile meanwhile writes it too. */
async function indexTimeZone(store: Store, { key, partition, kind, value }: StoredKey) {
  const [, tenant = '', id = ''] = PROFILE.exec(key) ?? []
  if (kind !== 'string' || id === '') return
  const zones = new TimeZones({ store, keys: keysOfTenant(tenant) })
  const ops = zones.moveOps(id, null, parseProfile(id, value).timezone)
  if (ops.length > 0) await store.commit({ partition, guards: [['expect', key, value]], ops })
}

async function listOnCallTypes(store: Store): Promise<void> {
  for await (const { key } of store.keys('*oncall:*')) {
    const [, tenant = '', type] = ON_CALL.exec(key) ?? []
    if (type === undefined) continue
    await new Memberships({ store, keys: keysOfTenant(tenant) }).listOnCall(type)
  }
}
