import { DatabaseSync } from 'node:sqlite'
import { messageOf, Unavailable } from '../../support/errors.ts'

const SCHEMA = `
CREATE TABLE IF NOT EXISTS sessions (
  client TEXT PRIMARY KEY, owner TEXT NOT NULL, seen_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS subscriptions (
  client TEXT NOT NULL, topic TEXT NOT NULL, qos INTEGER NOT NULL, options TEXT NOT NULL,
  position INTEGER NOT NULL, PRIMARY KEY (client, topic)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS retained (
  topic TEXT PRIMARY KEY, header TEXT NOT NULL, payload
);
CREATE TABLE IF NOT EXISTS outgoing (
  seq INTEGER PRIMARY KEY, client TEXT NOT NULL, cmd TEXT NOT NULL, broker TEXT, counter INTEGER,
  message_id INTEGER, topic TEXT, payload, qos INTEGER, retain INTEGER, dup INTEGER,
  bytes INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS outgoing_client ON outgoing (client);
CREATE INDEX IF NOT EXISTS outgoing_message ON outgoing (client, message_id)
  WHERE message_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS outgoing_counter ON outgoing (client, counter);
CREATE TABLE IF NOT EXISTS incoming (
  client TEXT NOT NULL, message_id INTEGER NOT NULL, header TEXT NOT NULL, payload,
  PRIMARY KEY (client, message_id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS wills (
  client TEXT PRIMARY KEY, header TEXT NOT NULL, payload
);
`

/**
 * Opens the file with sessions, queues, retained messages and wills; `:memory:`
 * keeps them in the process. Held by one process at a time.
 *
 * WAL with synchronous NORMAL: whatever was committed survives the death of the
 * process; a power failure may take back the last moments of what goes between
 * foreign clients, never more and never half of it. What Belfry itself accepts
 * is in the store, which syncs; a second fsync on this thread would halve intake.
 */
export function openBrokerFile(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: 1000 })
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    database.exec('PRAGMA journal_size_limit = 67108864; PRAGMA temp_store = MEMORY')
    database.exec(SCHEMA)
    // Takes the lock now, so that a second process learns of it at its start.
    database.exec('BEGIN IMMEDIATE; COMMIT')
    return database
  } catch (error) {
    const reason = messageOf(error)
    const hint = /locked|busy/.test(reason) ? ': another process has it open' : ''
    throw new Unavailable(`The broker's file ${path} cannot be used${hint} (${reason}).`, {
      cause: error,
    })
  }
}
