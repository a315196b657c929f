import { createHash } from 'node:crypto'
import {
  type Bell,
  type Context,
  type Guard,
  IdempotencyMismatch,
  type Keys,
  type Op,
  type PacketMark,
  type Store,
} from '../../src/index.ts'

const DAY_MS = 86_400_000
const MARK_TTL_MS = 3_600_000

/** What makes two arrivals the same message. */
export interface Identity {
  /** Minted once for the message; what it creates is named after it. `null`: nothing is. */
  readonly id: string | null
  /** The concrete topic or path: one key means one thing within it. */
  readonly target: string
  /** The topic or path that it came by, where the target says more than that. */
  readonly source?: string
  readonly idempotencyKey: string | null
  /** A digest of the payload: the same key with other words is a mistake. */
  readonly digest: string
  readonly packet: PacketMark | null
}

/** A message nobody will send a second time: work of our own. */
export const ownWork: Identity = {
  id: null,
  target: '',
  idempotencyKey: null,
  digest: '',
  packet: null,
}

/** The topic or path that a message came by; empty: it is work of our own. */
export function sourceOf({ source, target }: Identity): string {
  return source ?? target
}

/** Reads a message's identity from the payload, its user property or its header. */
export function identityOf(context: Context<unknown, unknown>): Identity {
  const fromPayload = (context.payload as { idempotency_key?: unknown } | null)?.idempotency_key
  const key = typeof fromPayload === 'string' ? fromPayload : (context.meta.idempotency_key ?? null)
  return {
    id: context.id,
    target: context.target,
    idempotencyKey: key,
    digest: key === null ? '' : digest(JSON.stringify(withoutAddress(context.payload))),
    packet: context.packet,
  }
}

/** Where the answer goes is not what is asked: a repetition may want it elsewhere. */
function withoutAddress(payload: unknown): unknown {
  if (typeof payload !== 'object' || payload === null) return payload
  const { reply_to, correlation_id, ...rest } = payload as Record<string, unknown>
  return rest
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 16)
}

interface Accepting<Reply> {
  readonly partition: number
  readonly identity: Identity
  /** Refuses when the record that this write creates is there: a repetition after a lost answer. */
  readonly creates: string
  readonly guards?: readonly Guard[]
  readonly ops: readonly Op[]
  readonly reply: Reply
}

/** What came of accepting: `fresh` is false when the effect had happened before. */
export type Accepted<Reply> =
  | { readonly status: 'fresh'; readonly reply: Reply; readonly results: readonly number[] }
  | { readonly status: 'repeated'; readonly reply: Reply }
  | { readonly status: 'conflict'; readonly guard: number }

/**
 * Turns a message into one atomic write that has one effect, however often the
 * message arrives: by its idempotency key (24 h), by the mark of its QoS 2
 * packet, and by the record that it creates.
 */
export class Acceptance {
  readonly #store: Store
  readonly #keys: Keys
  readonly #bell: Bell
  readonly #onRepeated: () => void

  constructor(parts: { store: Store; keys: Keys; bell: Bell; onRepeated?: () => void }) {
    this.#store = parts.store
    this.#keys = parts.keys
    this.#bell = parts.bell
    this.#onRepeated = parts.onRepeated ?? (() => {})
  }

  async accept<Reply>(accepting: Accepting<Reply>): Promise<Accepted<Reply>> {
    const { identity, partition } = accepting
    const isMarked = identity.idempotencyKey !== null || identity.packet !== null
    const answer = isMarked ? `${identity.digest}\n${JSON.stringify(accepting.reply)}` : ''
    const markKey = identity.packet ? this.#keys.packet(identity.packet.id) : ''
    const guards: Guard[] = []
    const ops: Op[] = [...accepting.ops]

    if (identity.idempotencyKey !== null) {
      const key = this.#keys.idempotency(identity.target, identity.idempotencyKey)
      guards.push(['once', key, answer, DAY_MS])
    }
    if (identity.packet?.dup) guards.push(['once', markKey, answer, MARK_TTL_MS])
    else if (identity.packet) ops.push(['set', markKey, answer, MARK_TTL_MS])
    const ours = guards.length
    guards.push(['expect', accepting.creates, null], ...(accepting.guards ?? []))

    const outcome = await this.#store.commit({ partition, guards, ops })
    if (identity.packet) identity.packet.marker = { partition, key: markKey }
    if (outcome.applied) {
      for (const op of ops) if (op[0] === 'enqueue' && op[5] === 0) this.#bell.ring(op[1])
      return { status: 'fresh', reply: accepting.reply, results: outcome.results }
    }
    if (outcome.refusedBy > ours) {
      return { status: 'conflict', guard: outcome.refusedBy - ours - 1 }
    }
    this.#onRepeated()
    if (outcome.refusedBy < ours) return repeated(identity, outcome.value ?? '')
    return { status: 'repeated', reply: accepting.reply }
  }
}

function repeated<Reply>(identity: Identity, stored: string): Accepted<Reply> {
  const cut = stored.indexOf('\n')
  if (stored.slice(0, cut) !== identity.digest) {
    throw new IdempotencyMismatch(
      `The idempotency key ${JSON.stringify(identity.idempotencyKey)} was used with another body.`,
    )
  }
  return { status: 'repeated', reply: JSON.parse(stored.slice(cut + 1)) as Reply }
}
