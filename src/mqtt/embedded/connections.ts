import type { Client } from 'aedes'
import type { Principal } from '../../context.ts'

/** A client that was let in. */
export interface Connection {
  readonly client: Client
  readonly clientId: string
  readonly principal: Principal | null
  /** Whose it is: tenant and id, or empty where nobody has to identify himself. */
  readonly owner: string
  /** What it may read; `null`: everything. */
  readonly readable: readonly string[] | null
  /** Epoch milliseconds. */
  readonly connectedAt: number
  readonly address: string
}

/** Who is connected, and as whom. */
export class Connections {
  readonly #byClient = new Map<Client, Connection>()
  readonly #byId = new Map<string, Set<Connection>>()

  /** Adds a connection; `false`, when somebody else is connected by the same client id. */
  add(connection: Connection): boolean {
    const same = this.#byId.get(connection.clientId) ?? new Set()
    for (const { owner } of same) if (owner !== connection.owner) return false
    same.add(connection)
    this.#byId.set(connection.clientId, same)
    this.#byClient.set(connection.client, connection)
    return true
  }

  remove(client: Client): Connection | undefined {
    const connection = this.#byClient.get(client)
    if (!connection) return undefined
    this.#byClient.delete(client)
    const same = this.#byId.get(connection.clientId)
    same?.delete(connection)
    if (same?.size === 0) this.#byId.delete(connection.clientId)
    return connection
  }

  of(client: Client | null): Connection | undefined {
    return client ? this.#byClient.get(client) : undefined
  }

  isConnected(clientId: string): boolean {
    return this.#byId.has(clientId)
  }

  get size(): number {
    return this.#byClient.size
  }

  all(): readonly Connection[] {
    return [...this.#byClient.values()]
  }
}

/** The name under which sessions of a principal are kept. */
export function ownerName(principal: Principal | null): string {
  return principal === null ? '' : JSON.stringify([principal.tenant, principal.id])
}
