// A broker in a process of its own, to be killed. Its intake appends to a table,
// one synced transaction for each turn of the event loop.
// Arguments: port, directory. Prints the port when it listens; on a line `rss`
// in its input, the resident bytes.
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import { startEmbeddedBroker } from '../../../src/mqtt/embedded/start-embedded-broker.ts'
import type { IncomingMessage } from '../../../src/mqtt/message.ts'
import { Batcher } from '../../../src/support/batcher.ts'
import { systemClock } from '../../../src/support/clock.ts'
import { createLogger } from '../../../src/support/logger.ts'

const [port = '0', directory = '.'] = process.argv.slice(2)
const database = new DatabaseSync(join(directory, 'taken.db'))
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
database.exec('CREATE TABLE IF NOT EXISTS taken (n INTEGER PRIMARY KEY, body TEXT)')
database.exec('CREATE TABLE IF NOT EXISTS marks (id TEXT PRIMARY KEY)')
const append = database.prepare('INSERT INTO taken (body) VALUES (?)')
const mark = database.prepare('INSERT OR IGNORE INTO marks VALUES (?)')

function accept(message: IncomingMessage): void {
  if (message.packet) {
    const isNew = mark.run(message.packet.id).changes > 0
    if (message.packet.dup && !isNew) return
  }
  append.run(message.payload.toString())
}

const batcher = new Batcher<IncomingMessage, 'handled'>(
  async (messages) => {
    database.exec('BEGIN')
    for (const message of messages) accept(message)
    database.exec('COMMIT')
    return messages.map(() => 'handled')
  },
  { size: 1000, inFlight: 1 },
)

const route = {}
const broker = await startEmbeddedBroker({
  host: '127.0.0.1',
  port: Number(port),
  dataFile: join(directory, 'broker.db'),
  router: { match: (topic) => (topic.startsWith('events/') ? { value: route } : null) },
  concurrencyOf: () => 1000,
  intake: (message) => batcher.add(message),
  prefix: '',
  authenticate: async () => null,
  authRequired: false,
  node: 'child',
  clock: systemClock,
  log: createLogger('silent'),
})
process.stdout.write(`${broker.port}\n`)
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'rss') process.stdout.write(`${process.memoryUsage().rss}\n`)
})
