/** Raised with every change of the tables that an older release could not read. */
export const SCHEMA_VERSION = 1

/** What a row of `keys` is; a collection's `value` is the id that its items carry. */
export const KIND = { string: 0, list: 1, set: 2, zset: 3 } as const
export type Kind = (typeof KIND)[keyof typeof KIND]
export type CollectionKind = Exclude<Kind, typeof KIND.string>

/**
 * One row a key, and the items of collections under the collection's number. A
 * dropped collection leaves its number in `garbage`, to be cleared in small steps.
 * Lists count positions upwards: the newest item has the highest. In an inbox each
 * item says until when it is unread. `zset_items.note` is a number that goes with a
 * member (a lease's token, the calls of a moment).
 */
export const SCHEMA = `
  PRAGMA page_size = 8192;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA cache_size = -65536;
  PRAGMA secure_delete = FAST;
  PRAGMA journal_size_limit = 134217728;
  CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY,
    kind INTEGER NOT NULL,
    expires_at INTEGER,
    value NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS keys_by_end ON keys (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS list_items (
    id INTEGER NOT NULL, position INTEGER NOT NULL, value TEXT NOT NULL, unread_until INTEGER,
    PRIMARY KEY (id, position)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS set_items (
    id INTEGER NOT NULL, member TEXT NOT NULL,
    PRIMARY KEY (id, member)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS zset_items (
    id INTEGER NOT NULL, member TEXT NOT NULL, score REAL NOT NULL, note INTEGER,
    PRIMARY KEY (id, member)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS zset_by_score ON zset_items (id, score, member);
  CREATE TABLE IF NOT EXISTS garbage (
    id INTEGER PRIMARY KEY, kind INTEGER NOT NULL
  );
`

/** The table that holds the items of a kind of collection, and what orders them. */
export const ITEMS: Readonly<Record<CollectionKind, { table: string; order: string }>> = {
  [KIND.list]: { table: 'list_items', order: 'position' },
  [KIND.set]: { table: 'set_items', order: 'member' },
  [KIND.zset]: { table: 'zset_items', order: 'member' },
}
