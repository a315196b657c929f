import type { DatabaseSync } from 'node:sqlite'

/** Which persistent sessions there are, whose they are, and when they were last in use. */
export class SessionRecords {
  readonly #owners = new Map<string, string>()
  readonly #database: DatabaseSync
  readonly #insert
  readonly #touch
  readonly #delete
  readonly #expired

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#insert = database.prepare(
      'INSERT INTO sessions VALUES (?, ?, ?) ON CONFLICT (client) DO UPDATE SET owner = excluded.owner, seen_at = excluded.seen_at',
    )
    this.#touch = database.prepare('UPDATE sessions SET seen_at = ? WHERE client = ?')
    this.#delete = database.prepare('DELETE FROM sessions WHERE client = ?')
    this.#expired = database.prepare('SELECT client FROM sessions WHERE seen_at < ?')
  }

  load(): void {
    this.#owners.clear()
    for (const row of this.#database.prepare('SELECT client, owner FROM sessions').iterate()) {
      this.#owners.set(String(row.client), String(row.owner))
    }
  }

  get size(): number {
    return this.#owners.size
  }

  /** Whose session it is; `null` without one, empty when nobody had to identify himself. */
  ownerOf(clientId: string): string | null {
    return this.#owners.get(clientId) ?? null
  }

  claim(clientId: string, owner: string, now: number): void {
    this.#insert.run(clientId, owner, now)
    this.#owners.set(clientId, owner)
  }

  touch(clientId: string, now: number): void {
    if (this.#owners.has(clientId)) this.#touch.run(now, clientId)
  }

  forget(clientId: string): void {
    if (this.#owners.delete(clientId)) this.#delete.run(clientId)
  }

  /** Sessions that nobody used since `moment` (epoch milliseconds). */
  unusedSince(moment: number): string[] {
    return this.#expired.all(moment).map((row) => String(row.client))
  }
}
