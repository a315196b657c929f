/** Something that every client of a kind is told; each turns it into its own bytes. */
export interface Receiver<Message> {
  readonly id: string
  receive(message: Message): void
}

/**
 * Who is connected to this process: clients by user, and by broadcast channel
 * also those that are no particular user's. It knows neither protocols nor sockets, and names are whatever the caller
 * uses (a tenant's names carry its prefix, see `address`).
 */
export class Hub<Message, Client extends Receiver<Message>> {
  readonly #users = new Map<string, Client[]>()
  readonly #channels = new Map<string, Set<Receiver<Message>>>()

  add(user: string, client: Client): void {
    const clients = this.#users.get(user)
    if (clients) clients.push(client)
    else this.#users.set(user, [client])
  }

  remove(user: string, client: Client): void {
    const clients = this.#users.get(user)
    if (!clients) return
    const rest = clients.filter((each) => each !== client)
    if (rest.length === 0) this.#users.delete(user)
    else this.#users.set(user, rest)
  }

  subscribe(channel: string, client: Receiver<Message>): void {
    const clients = this.#channels.get(channel)
    if (clients) clients.add(client)
    else this.#channels.set(channel, new Set([client]))
  }

  unsubscribe(channel: string, client: Receiver<Message>): void {
    const clients = this.#channels.get(channel)
    if (clients?.delete(client) && clients.size === 0) this.#channels.delete(channel)
  }

  /** Tells all clients of a user; answers how many there are. */
  deliver(user: string, message: Message): number {
    const clients = this.clientsOf(user)
    for (const client of clients) client.receive(message)
    return clients.length
  }

  /** Tells everybody on a channel but the one that caused it; answers how many are on it. */
  broadcast(channel: string, message: Message, except: string | null = null): number {
    const clients = this.#channels.get(channel)
    if (!clients) return 0
    for (const client of clients) if (client.id !== except) client.receive(message)
    return clients.size
  }

  clientsOf(user: string): readonly Client[] {
    return this.#users.get(user) ?? []
  }

  /** How many are on a channel. */
  countOn(channel: string): number {
    return this.#channels.get(channel)?.size ?? 0
  }

  /** Channels that somebody is on, with how many. */
  *channels(): Iterable<readonly [channel: string, subscribers: number]> {
    for (const [channel, clients] of this.#channels) yield [channel, clients.size]
  }

  *clients(): Iterable<Client> {
    for (const clients of this.#users.values()) yield* clients
  }

  get userCount(): number {
    return this.#users.size
  }
}

/** A name within a tenant, as the hub uses it: ids and channel names hold no slash. */
export function address(scope: string, name: string): string {
  return scope === '' ? name : `${scope}/${name}`
}
