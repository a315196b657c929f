import { Keys, queueKeys } from '../keys.ts'
import type { Guard, Op, Outcome, Write } from '../store.ts'
import { toServerScore } from './scores.ts'

type Argument = string | number

/** A write as the `commit` script reads it: counts, letters and arguments in one row. */
export type EncodedWrite = readonly Argument[]

/**
 * Writes down what the script is to do, with every name of a key spelled out.
 * Throws a `TypeError` for what the server could not carry out, so that one bad
 * write does not reach the batch of others.
 */
export function encodeWrite({ guards = [], ops }: Write, now: number): EncodedWrite {
  const row: Argument[] = [0, guards.length]
  for (const guard of guards) encodeGuard(row, guard, ops)
  for (const op of ops) row.push(...encodeOp(op, now))
  row[0] = row.length - 1
  return row
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

function encodeGuard(row: Argument[], guard: Guard, ops: readonly Op[]): void {
  switch (guard[0]) {
    case 'once':
      row.push('o', text(guard[1]), text(guard[2]), duration(guard[3]))
      return
    case 'expect':
      if (guard[2] === null) row.push('m', text(guard[1]))
      else row.push('e', text(guard[1]), text(guard[2]))
      return
    case 'lease': {
      const job = queueKeys.job(guard[1], guard[2])
      row.push(
        'l',
        text(guard[1]),
        text(guard[2]),
        whole(guard[3]),
        job,
        writes(ops, job, guard[2]),
      )
      return
    }
    case 'withdraw':
      row.push('w', text(guard[1]), text(guard[2]), queueKeys.job(guard[1], guard[2]))
      return
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

function encodeOp(op: Op, now: number): Argument[] {
  switch (op[0]) {
    case 'set':
      return ['s', text(op[1]), text(op[2]), duration(op[3])]
    case 'del':
      return ['d', text(op[1])]
    case 'expire':
      return ['x', text(op[1]), duration(op[2])]
    case 'incr':
      return ['i', text(op[1]), whole(op[2]), duration(op[3])]
    case 'push':
      return ['p', text(op[1]), text(op[2]), whole(op[3])]
    case 'pull':
    case 'sadd':
    case 'srem':
    case 'zrem':
      return [LETTERS[op[0]], text(op[1]), text(op[2])]
    case 'zadd':
      return ['z', text(op[1]), score(toServerScore(op[1], op[2])), text(op[3])]
    case 'enqueue':
      return encodeEnqueue(op)
    default:
      return encodeCompound(op, now)
  }
}

type OpOf<Name extends Op[0]> = Extract<Op, readonly [Name, ...unknown[]]>

function encodeEnqueue(op: OpOf<'enqueue'>): Argument[] {
  const [, queue, id, job, priority, availableAt, ttlMs] = op
  const key = queueKeys.job(queue, text(id))
  const rest = [key, id, text(job), duration(ttlMs)]
  if (availableAt === 0) return ['e', queueKeys.ready(queue, priority), ...rest]
  const scheduled = queueKeys.scheduled(queue)
  return ['f', scheduled, ...rest, score(toServerScore(scheduled, availableAt))]
}

function encodeCompound(
  op: OpOf<'inbox' | 'unread' | 'read' | 'discard' | 'fanout'>,
  now: number,
): Argument[] {
  const keys = keysOf(op[1])
  const user = text(op[2])
  const unread = keys.unread(user)
  switch (op[0]) {
    case 'inbox': {
      const [, , , id, record, expiresAt, limit] = op
      const ttl = expiresAt === 0 ? 0 : Math.max(1, Math.ceil(expiresAt - now))
      const where = ['n', keys.inbox(user), unread, keys.notification('')]
      return [...where, text(id), text(record), duration(ttl), expiry(expiresAt), whole(limit)]
    }
    case 'unread':
      return ['u', unread, text(op[3]), expiry(op[4])]
    case 'read':
      return ['r', unread, text(op[3])]
    case 'discard':
      return ['k', keys.inbox(user), unread, keys.notification(''), text(op[3])]
    case 'fanout':
      return ['o', keys.scope, user, op[3] === '' ? '}' : `,${text(op[3])}}`, whole(op[4])]
  }
}

const scopes = new Map<string, Keys>()

/** The names of a tenant by its scope, `t:acme:`. */
export function keysOf(scope: string): Keys {
  const known = scopes.get(scope)
  if (known) return known
  const keys = new Keys(scope === '' ? '' : scope.slice(2, -1))
  if (keys.scope !== scope) throw new TypeError(`${JSON.stringify(scope)} is no scope of a tenant`)
  if (scopes.size < 1_000) scopes.set(scope, keys)
  return keys
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
