import { keysOfScope, queueKeys } from '../keys.ts'
import { type Guard, type Op, type Outcome, STORED_RECORD, type Write } from '../store.ts'
import { toServerScore } from './scores.ts'

type Argument = string | number

/** A write as the `commit` script reads it: counts, letters and arguments in one row. */
export type EncodedWrite = readonly Argument[]

/**
 * Writes down what the script is to do, with every key spelled out: `start` is
 * what those of the partition begin with, `now` the time (epoch ms). Throws a
 * `TypeError` for what the server could not carry out, so that one bad write does
 * not reach the batch of others.
 */
export function encodeWrite(
  { guards = [], ops }: Pick<Write, 'guards' | 'ops'>,
  frame: Frame,
): EncodedWrite {
  const row: Argument[] = [0, guards.length]
  const inbox = ops.find((op) => op[0] === 'inbox')
  const created = inbox && creationOf(inbox, guards)
  for (const guard of guards) {
    if (inbox && guard === created) row.push('c', ...encodeRecord(inbox, frame))
    else row.push(...encodeGuard(guard, ops, frame.start))
  }
  for (const op of ops) {
    if (op[0] === 'inbox')
      row.push(...encodeInbox(op, frame, op === inbox && created !== undefined))
    else if (op[0] === 'fanout') row.push(...encodeFanout(op, frame, created ? undefined : inbox))
    else row.push(...encodeOp(op, frame.start))
  }
  row[0] = row.length - 1
  return row
}

interface Frame {
  readonly start: string
  readonly now: number
}

/** The guard that the record of an inbox is absent: to expect that and to set it is one command. */
function creationOf(inbox: OpOf<'inbox'>, guards: readonly Guard[]): Guard | undefined {
  const record = keysOfScope(inbox[1]).notification(inbox[3])
  return guards.find(([kind, key, value]) => kind === 'expect' && value === null && key === record)
}

/** Reads the script's answer for one write; an error is text that begins with `E`. */
export function decodeOutcome(reply: unknown): Outcome | { readonly failure: string } {
  if (typeof reply !== 'string') return { applied: true, results: reply as number[] }
  if (reply.startsWith('E')) return { failure: reply.slice(1) }
  const [end] = /[=!]/.exec(reply) ?? ['']
  const cut = reply.indexOf(end)
  const value = end === '=' ? reply.slice(cut + 1) : null
  return { applied: false, refusedBy: Number(reply.slice(0, cut)), value }
}

function encodeGuard(guard: Guard, ops: readonly Op[], start: string): Argument[] {
  const name = start + text(guard[1])
  switch (guard[0]) {
    case 'once':
      return ['o', name, text(guard[2]), duration(guard[3])]
    case 'expect':
      return guard[2] === null ? ['m', name] : ['e', name, text(guard[2])]
    case 'lease': {
      const job = queueKeys.job(guard[1], guard[2])
      const kept = writes(ops, job, guard[2])
      return ['l', name, text(guard[2]), whole(guard[3]), start + job, kept]
    }
    case 'withdraw':
      return ['w', name, text(guard[2]), start + queueKeys.job(guard[1], guard[2])]
    case 'below':
      return ['b', name, whole(guard[2]), duration(guard[3])]
  }
}

/** Whether operations store a job's record anew: then giving the lease back leaves it. */
function writes(ops: readonly Op[], jobKey: string, jobId: string): 0 | 1 {
  const found = ops.some(
    (op) => (op[0] === 'set' && op[1] === jobKey) || (op[0] === 'enqueue' && op[2] === jobId),
  )
  return found ? 1 : 0
}

/** Operations on a key and one text. */
const LETTERS = { pull: 'q', sadd: 'a', srem: 'b', zrem: 'y' } as const

function encodeOp(op: Exclude<Op, OpOf<'inbox' | 'fanout'>>, start: string): Argument[] {
  const name = start + text(op[1])
  switch (op[0]) {
    case 'set':
      return ['s', name, text(op[2]), duration(op[3])]
    case 'del':
      return ['d', name]
    case 'expire':
      return ['x', name, duration(op[2])]
    case 'incr':
      return ['i', name, whole(op[2]), duration(op[3])]
    case 'push':
      return ['p', name, text(op[2]), whole(op[3])]
    case 'pull':
    case 'sadd':
    case 'srem':
    case 'zrem':
      return [LETTERS[op[0]], name, text(op[2])]
    case 'zadd':
      return ['z', name, score(toServerScore(op[1], op[2])), text(op[3])]
    case 'enqueue':
      return encodeEnqueue(op, start)
    default:
      return encodeState(op, start)
  }
}

type OpOf<Name extends Op[0]> = Extract<Op, readonly [Name, ...unknown[]]>

function encodeEnqueue(op: OpOf<'enqueue'>, start: string): Argument[] {
  const [, queue, id, job, priority, availableAt, ttlMs] = op
  const rest = [start + queueKeys.job(queue, text(id)), id, text(job), duration(ttlMs)]
  if (availableAt === 0) return ['e', start + queueKeys.ready(queue, priority), ...rest]
  const scheduled = queueKeys.scheduled(queue)
  return ['f', start + scheduled, ...rest, score(toServerScore(scheduled, availableAt))]
}

/** Unread, read or gone. */
function encodeState(op: OpOf<'unread' | 'read' | 'discard'>, start: string): Argument[] {
  const keys = keysOfScope(op[1])
  const mine = start + keys.user(text(op[2]))
  const id = text(op[3])
  if (op[0] === 'unread') return ['u', mine, id, expiry(op[4])]
  if (op[0] === 'read') return ['r', mine, id]
  return ['k', mine, id, start + keys.notification(id)]
}

/** A record's key, its text, and for how long it is kept. */
function encodeRecord(op: OpOf<'inbox'>, { start, now }: Frame): Argument[] {
  const [, scope, , id, record, expiresAt] = op
  const ttl = expiresAt === 0 ? 0 : Math.max(1, expiresAt - now)
  return [start + keysOfScope(scope).notification(id), text(record), duration(ttl)]
}

function encodeInbox(op: OpOf<'inbox'>, frame: Frame, isCreated: boolean): Argument[] {
  const [, scope, user, id, , expiresAt, limit] = op
  const mine = frame.start + keysOfScope(scope).user(text(user))
  const row = ['n', mine, text(id), expiry(expiresAt), whole(limit)]
  return isCreated ? row : ['N', ...encodeRecord(op, frame), ...row]
}

/** The script puts a record that it has created where it belongs; any other is put there now. */
function encodeFanout(
  op: OpOf<'fanout'>,
  { start }: Frame,
  inbox: OpOf<'inbox'> | undefined,
): Argument[] {
  const [, scope, user, body, cap] = op
  const full = inbox ? text(body).replace(STORED_RECORD, () => inbox[4]) : text(body)
  const rest = full === '' ? '}' : `,${full}}`
  return ['o', start + keysOfScope(scope).scope, text(user), rest, whole(cap)]
}

function text(value: string): string {
  if (typeof value !== 'string') throw new TypeError(`expected a text, got ${typeof value}`)
  return value
}

function whole(value: number): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not a whole number`)
  return value
}

/** Milliseconds, rounded up, so that what is short is not for ever. */
function duration(ms: number): number {
  if (!Number.isFinite(ms) || ms < 0) throw new TypeError(`${ms} is not a duration`)
  return Math.ceil(ms)
}

function score(value: number): Argument {
  if (Number.isFinite(value)) return value
  if (Number.isNaN(value)) throw new TypeError('a score is a number')
  return value > 0 ? '+inf' : '-inf'
}

function expiry(at: number): Argument {
  return at === 0 ? '+inf' : score(at)
}
