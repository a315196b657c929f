import { firingMark } from '../../services/noise/alert-groups.ts'
import { RULE_QUEUE } from '../../services/rules/rule-job.ts'
import type { Renamings } from '../store/sqlite/renamings.ts'
import type { StoredKey } from '../store/store.ts'
import { inPartition, partitionOf } from '../support/ids.ts'

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const UUID_FIRST = new RegExp(`^${UUID.source}`)
const SCOPE = '^(?:t:[^:]+:)?'
const RECORD = new RegExp(
  `${SCOPE}(?:notification|trace|notifiable_event|[a-z][a-z0-9_-]*_job):(.+)$`,
)
const ALERT = new RegExp(`${SCOPE}alert:([^:]+)$`)
const SCHEDULED = new RegExp(`${SCOPE}scheduled:([^:]+)$`)
const DIGEST = new RegExp(`${SCOPE}user:(.+?):digest:[^:]+$`)

/** With whom an id must lie: a notification with its user, an alert with what it is known by. */
interface Owned {
  readonly id: string
  readonly owner: string
}

/** What a key says of an id and its owner; `null`: nothing. */
export function ownedIn(key: StoredKey): Owned | null {
  if (key.kind !== 'string') return null
  const { value } = key
  const record = RECORD.exec(key.key)
  if (record) return owned(record[1], ownerIn(value))
  const alert = ALERT.exec(key.key)
  if (alert) return owned(alert[1], fieldsOf(value).dedup_key)
  const scheduled = SCHEDULED.exec(key.key)
  if (scheduled) return owned(scheduled[1], value)
  const digest = DIGEST.exec(key.key)
  return digest ? owned(value, digest[1]) : null
}

/** Gives every id that has an owner the name that it would have been made with here. */
export function renameOwned(key: StoredKey, partitions: number, renamings: Renamings): void {
  const found = ownedIn(key)
  if (found === null) return
  const id = UUID_FIRST.exec(found.id)?.[0]
  if (id === undefined) return
  const home = partitionOf(found.owner, partitions)
  if (partitionOf(id, partitions) === home) return
  const renamed = inPartition(id, home, partitions)
  renamings.add(id, renamed)
  if (ALERT.test(key.key)) renamings.add(firingMark(id), firingMark(renamed))
}

/** The key with the new names in it, wherever they stand. */
export function renamed(key: StoredKey, renamings: Renamings): StoredKey {
  const isMarks = key.key.endsWith(':firing')
  const rename = (text: string) =>
    isMarks ? renamings.of(text) : text.replace(UUID, (id) => renamings.of(id))
  const name = key.key.replace(UUID, (id) => renamings.of(id))
  switch (key.kind) {
    case 'string':
      return { ...key, key: name, value: rename(key.value) }
    case 'list':
    case 'set':
      return { ...key, key: name, value: key.value.map(rename) }
    case 'zset':
      return { ...key, key: name, value: key.value.map(([id, at]) => [rename(id), at] as const) }
    default:
      return key
  }
}

/** Of a job that works for a rule, the thing that the rule watches. */
function ownerIn(value: string): unknown {
  const { user_id: user, channel, state } = fieldsOf(value)
  return user ?? (channel === RULE_QUEUE ? state : null)
}

function fieldsOf(value: string): Record<string, unknown> {
  const fields: unknown = JSON.parse(value)
  return typeof fields === 'object' && fields !== null ? (fields as Record<string, unknown>) : {}
}

function owned(id: string | undefined, owner: unknown): Owned | null {
  return id === undefined || typeof owner !== 'string' ? null : { id, owner }
}
