import { createHash } from 'node:crypto'
import {
  type Guard,
  inPartition,
  isoTime,
  type Keys,
  type Op,
  partitionOf,
  type Store,
  uuidv7,
} from '../../src/index.ts'
import { enqueueOp, makeJob } from '../deliveries/delivery-job.ts'
import type { Composed } from '../notifications/composed.ts'
import { type KeptWords, keptWords } from '../notifications/kept-words.ts'
import type { Message, Origin } from '../notifications/notification-record.ts'
import type { ChannelTexts } from '../templates/template-use.ts'
import { labelOps } from './labels.ts'

/** How many events a digest holds; the count goes on. */
const EVENTS_KEPT = 1000
/** What is stored outlives the moment of its digest by far. */
const KEPT_AFTER_MS = 7 * 86_400_000

/** One of the messages that a digest is made of. */
export interface DigestEvent {
  readonly id: string
  readonly time: string
  readonly title: string
  readonly message: string
  readonly payload: Readonly<Record<string, unknown>>
  /** Where a channel has its own. */
  readonly texts?: ChannelTexts
}

/** The work of sending a digest. */
export interface DigestContent {
  readonly kind: 'digest'
  readonly message: Message
  readonly origin: Origin
  /** What its class said, if it stays the only one. */
  readonly words?: KeptWords
  /** The key that says that it is open. */
  readonly pointer: string
  /** What a look-back goes by, and for how long; `null`: there is none. */
  readonly last: { readonly key: string; readonly ms: number } | null
}

/** A message that is to become a part of a digest. */
export interface Joining {
  readonly userId: string
  /** What tells digests of one user apart. */
  readonly name: readonly string[]
  /** When it is sent, if this message opens it (epoch ms). */
  readonly dueAt: number
  /** What the digest is sent as, if this message opens it. */
  readonly message: Message
  readonly origin: Origin
  readonly event: DigestEvent
  /** What its class said. */
  readonly composed?: Composed | null
  readonly now: number
}

/** A part of a write: it joins the digest that is open, or opens one. */
export interface Joined {
  readonly digestId: string
  readonly opened: boolean
  readonly guards: readonly Guard[]
  readonly ops: readonly Op[]
}

interface Parts {
  readonly store: Store
  readonly keys: Keys
}

/**
 * Digests under way. A user's key points to the one that is open; its events lie
 * under its own id, so that once it is closed nothing joins it any more.
 */
export class Digests {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The part of a write that holds only while the digest stays open, or absent. */
  async join(joining: Joining): Promise<Joined> {
    const { store, keys } = this.#parts
    const { userId, name, now, event } = joining
    const partition = partitionOf(userId, store.partitions)
    const hash = hashOf(name)
    const pointer = keys.digest(userId, hash)
    const last = keys.digestLast(userId, hash)
    const open = await store.get(partition, pointer)
    const digestId = open ?? inPartition(uuidv7(now), partition, store.partitions)
    const keepMs = Math.max(0, joining.dueAt - now) + KEPT_AFTER_MS
    return {
      digestId,
      opened: open === null,
      guards: [['expect', pointer, open]],
      ops: [
        ['push', keys.digestEvents(digestId), JSON.stringify(event), EVENTS_KEPT],
        ['incr', keys.digestCount(digestId), 1, keepMs],
        ['expire', keys.digestEvents(digestId), keepMs],
        ...(open === null ? this.#openingOps(joining, { digestId, pointer, last, keepMs }) : []),
      ],
    }
  }

  /** Whether one of the kind was sent so recently that the next must wait: guards and ops of sending. */
  async lookBack(userId: string, name: readonly string[], ms: number) {
    const { store, keys } = this.#parts
    const partition = partitionOf(userId, store.partitions)
    const hash = hashOf(name)
    const [open, last] = await store.getMany(partition, [
      keys.digest(userId, hash),
      keys.digestLast(userId, hash),
    ])
    if (open != null || last != null) return null
    const guards: Guard[] = [
      ['expect', keys.digest(userId, hash), null],
      ['once', keys.digestLast(userId, hash), '1', ms],
    ]
    return { guards, ops: [] as Op[] }
  }

  /** Closes a digest, so that later messages open another, and reads what it is made of. */
  async close(id: string, { pointer }: Pick<DigestContent, 'pointer'>) {
    const { store, keys } = this.#parts
    const partition = partitionOf(id, store.partitions)
    await store.commit({ partition, guards: [['expect', pointer, id]], ops: [['del', pointer]] })
    const [texts, count] = await Promise.all([
      store.list(partition, keys.digestEvents(id), 0, -1),
      store.get(partition, keys.digestCount(id)),
    ])
    const events = texts.reverse().map((text) => JSON.parse(text) as DigestEvent)
    return { events, count: Math.max(Number(count ?? 0), events.length) }
  }

  /** Takes what a digest was made of out of the store. */
  doneOps(id: string, { last }: Pick<DigestContent, 'last'>): Op[] {
    const { keys } = this.#parts
    return [
      ...(last === null ? [] : [['set', last.key, '1', last.ms] as const]),
      ['del', keys.digestEvents(id)],
      ['del', keys.digestCount(id)],
    ]
  }

  #openingOps(
    { userId, dueAt, message, origin, composed, now }: Joining,
    { digestId, pointer, last, keepMs }: Opening,
  ): Op[] {
    const { keys } = this.#parts
    const ms = message.digest?.lookBackMs ?? null
    const job = makeJob<DigestContent>({
      id: digestId,
      channel: 'followup',
      priority: message.priority,
      content: {
        kind: 'digest',
        message,
        origin,
        ...keptWords(composed),
        pointer,
        last: ms === null ? null : { key: last, ms },
      },
      now,
      sendAt: dueAt,
      userId,
      notificationId: digestId,
    })
    return [
      ['set', pointer, digestId, keepMs],
      enqueueOp(keys, job, now),
      ...labelOps(keys, { id: digestId, at: dueAt, message, origin }),
    ]
  }
}

interface Opening {
  readonly digestId: string
  readonly pointer: string
  readonly last: string
  readonly keepMs: number
}

/** A message as an event of a digest. */
export function eventOf(id: string, message: Message, now: number): DigestEvent {
  return {
    id,
    time: isoTime(now),
    title: message.title,
    message: message.message,
    payload: { ...message.data, ...message.template?.params },
    ...(Object.keys(message.texts).length === 0 ? {} : { texts: plainTexts(message.texts) }),
  }
}

/** A digest is made of words. */
function plainTexts(texts: ChannelTexts): ChannelTexts {
  const plain = Object.entries(texts).map(([channel, { html: _, ...text }]) => [channel, text])
  return Object.fromEntries(plain)
}

/** Names hold what publishers write: a key has neither room nor safe characters for all of it. */
export function hashOf(name: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(name)).digest('base64url').slice(0, 22)
}
