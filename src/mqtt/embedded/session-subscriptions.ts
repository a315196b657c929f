import type { DatabaseSync } from 'node:sqlite'
import { type Subscription, SubscriptionTrie } from './subscription-trie.ts'

type Wanted = Omit<Subscription, 'clientId'>

/**
 * What persistent sessions are subscribed to: in the file, to be restored, and
 * in memory, because every QoS 1 and 2 message asks for it.
 */
export class SessionSubscriptions {
  readonly #byClient = new Map<string, Map<string, Wanted>>()
  readonly #trie = new SubscriptionTrie()
  readonly #database: DatabaseSync
  readonly #insert
  readonly #delete
  readonly #clean
  #position = 0

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#insert = database.prepare(
      'INSERT INTO subscriptions VALUES (?, ?, ?, ?, ?) ON CONFLICT (client, topic) DO UPDATE SET qos = excluded.qos, options = excluded.options',
    )
    this.#delete = database.prepare('DELETE FROM subscriptions WHERE client = ? AND topic = ?')
    this.#clean = database.prepare('DELETE FROM subscriptions WHERE client = ?')
  }

  load(): void {
    this.#byClient.clear()
    this.#trie.clear()
    const rows = this.#database.prepare('SELECT * FROM subscriptions ORDER BY position').iterate()
    for (const { client, topic, qos, options, position } of rows) {
      const extras = JSON.parse(String(options)) as Partial<Wanted>
      this.#remember(String(client), { ...extras, topic: String(topic), qos: Number(qos) as 0 })
      this.#position = Math.max(this.#position, Number(position))
    }
  }

  /** How many would be queued for while their client is away (QoS 1 and 2). */
  get size(): number {
    return this.#trie.size
  }

  get clients(): number {
    return this.#byClient.size
  }

  /** Whether `wanted` says something new. */
  isNew(clientId: string, { topic, qos, rh, rap, nl, ...rest }: Wanted): boolean {
    const known = this.#byClient.get(clientId)?.get(topic)
    return (
      known?.qos !== qos ||
      known.rh !== rh ||
      known.rap !== rap ||
      known.nl !== nl ||
      known.subscriptionIdentifier !== rest.subscriptionIdentifier
    )
  }

  add(clientId: string, { topic, qos, rh, rap, nl, subscriptionIdentifier }: Wanted): void {
    const extras = JSON.parse(
      JSON.stringify({ rh, rap, nl, subscriptionIdentifier }),
    ) as Partial<Wanted>
    this.#position += 1
    this.#insert.run(clientId, topic, qos, JSON.stringify(extras), this.#position)
    this.#remember(clientId, { ...extras, topic, qos })
  }

  remove(clientId: string, topic: string): void {
    const known = this.#byClient.get(clientId)
    if (!known?.delete(topic)) return
    this.#delete.run(clientId, topic)
    this.#trie.remove(clientId, topic)
    if (known.size === 0) this.#byClient.delete(clientId)
  }

  clean(clientId: string): void {
    const known = this.#byClient.get(clientId)
    if (!known) return
    this.#clean.run(clientId)
    for (const topic of known.keys()) this.#trie.remove(clientId, topic)
    this.#byClient.delete(clientId)
  }

  of(clientId: string): Wanted[] {
    return [...(this.#byClient.get(clientId)?.values() ?? [])].map((each) => ({ ...each }))
  }

  /** The QoS 1 and 2 subscriptions that a topic reaches. */
  match(topic: string): Subscription[] {
    return this.#trie.match(topic)
  }

  /** Who is subscribed to exactly this filter. */
  clientsOf(filter: string): string[] {
    return [...this.#byClient].filter(([, known]) => known.has(filter)).map(([client]) => client)
  }

  #remember(clientId: string, wanted: Wanted): void {
    let known = this.#byClient.get(clientId)
    if (!known) {
      known = new Map()
      this.#byClient.set(clientId, known)
    }
    known.set(wanted.topic, wanted)
    if (wanted.qos > 0) this.#trie.add({ ...wanted, clientId })
    else this.#trie.remove(clientId, wanted.topic)
  }
}
