import { allOf, type Few, sizeOf, withOne, without } from './few.ts'

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
  readonly #users = new Map<string, Few<Client>>()
  readonly #channels = new Map<string, Few<Receiver<Message>>>()

  add(user: string, client: Client): void {
    this.#users.set(user, withOne(this.#users.get(user), client))
  }

  remove(user: string, client: Client): void {
    drop(this.#users, user, client)
  }

  subscribe(channel: string, client: Receiver<Message>): void {
    this.#channels.set(channel, withOne(this.#channels.get(channel), client))
  }

  unsubscribe(channel: string, client: Receiver<Message>): void {
    drop(this.#channels, channel, client)
  }

  /** Tells all clients of a user. */
  deliver(user: string, message: Message): void {
    for (const client of allOf(this.#users.get(user))) client.receive(message)
  }

  /** Tells everybody on a channel but the one that caused it. */
  broadcast(channel: string, message: Message, except: string | null = null): void {
    for (const client of allOf(this.#channels.get(channel))) {
      if (client.id !== except) client.receive(message)
    }
  }

  clientsOf(user: string): readonly Client[] {
    return [...allOf(this.#users.get(user))]
  }

  /** How many are on a channel. */
  countOn(channel: string): number {
    return sizeOf(this.#channels.get(channel))
  }

  /** Channels that somebody is on, with how many. */
  *channels(): Iterable<readonly [channel: string, subscribers: number]> {
    for (const [channel, clients] of this.#channels) yield [channel, sizeOf(clients)]
  }

  *clients(): Iterable<Client> {
    for (const clients of this.#users.values()) yield* allOf(clients)
  }

  get userCount(): number {
    return this.#users.size
  }
}

function drop<Item extends object>(named: Map<string, Few<Item>>, name: string, item: Item): void {
  const rest = without(named.get(name), item)
  if (rest === undefined) named.delete(name)
  else named.set(name, rest)
}

/** A name within a tenant, as the hub uses it: ids and channel names hold no slash. */
export function address(scope: string, name: string): string {
  return scope === '' ? name : `${scope}/${name}`
}
