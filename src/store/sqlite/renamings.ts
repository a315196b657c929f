import { DatabaseSync } from 'node:sqlite'

/**
 * Old names and new ones, in a temporary file that SQLite removes with the
 * process: however many there are, they take no memory.
 */
export class Renamings {
  // An empty name: a database of its own on the disk.
  readonly #db = new DatabaseSync('')
  readonly #insert
  readonly #find

  constructor() {
    this.#db.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF')
    this.#db.exec('CREATE TABLE renamed (old TEXT PRIMARY KEY, new TEXT NOT NULL) WITHOUT ROWID')
    this.#insert = this.#db.prepare('INSERT OR REPLACE INTO renamed VALUES (?, ?)')
    this.#find = this.#db.prepare('SELECT new FROM renamed WHERE old = ?')
    this.#db.exec('BEGIN')
  }

  add(old: string, renamed: string): void {
    this.#insert.run(old, renamed)
  }

  /** The new name; the same where there is none. */
  of(old: string): string {
    const row = this.#find.get(old) as { readonly new: string } | undefined
    return row?.new ?? old
  }

  close(): void {
    this.#db.close()
  }
}
