import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/**
 * Copies what was written from the log into the file, on a thread of its own:
 * the copying takes tens of milliseconds, in which the event loop goes on. When
 * nearly everything of a long log is copied, the owner is told to copy the rest,
 * which lets the log begin anew.
 */
const EVERY_MS = 250
const LONG = 4_000
const SHORT_REST = 500
const PASSES = 5
const BUSY_MS = 1_000

interface Progress {
  /** Pages in the log, and how many of them are in the file. */
  readonly log: number
  readonly checkpointed: number
}

const { path } = workerData as { path: string }
const db = new DatabaseSync(path, { timeout: BUSY_MS })
const copy = db.prepare('PRAGMA wal_checkpoint(PASSIVE)')

function pass(): void {
  for (let n = 0; n < PASSES; n++) {
    const { log, checkpointed } = copy.get() as unknown as Progress
    if (log < LONG) return
    if (log - checkpointed > SHORT_REST && n < PASSES - 1) continue
    parentPort?.postMessage('nearly done')
    return
  }
}

const timer = setInterval(pass, EVERY_MS)
parentPort?.once('message', () => {
  clearInterval(timer)
  db.close()
  parentPort?.close()
})
