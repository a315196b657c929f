import { createWriteStream } from 'node:fs'
import { rename } from 'node:fs/promises'
import { withStore } from '../../bootstrap/with-store.ts'
import type { Command } from '../command.ts'
import { endOnSignals } from '../end-on-signals.ts'

// What these commands need is loaded when one of them is called: the others answer at once.

/** The commands that do not need a running service. */
export const processCommands: readonly Command[] = [
  {
    usage: 'start',
    summary: 'Start the service',
    async run() {
      const onReady = endOnSignals()
      const { runService } = await import('../../main.ts')
      await runService({ onReady })
    },
  },
  {
    usage: 'doctor',
    summary:
      'Check configuration, broker, store and providers: what works, what does not, what to set',
    async run({ out }) {
      const { doctor } = await import('../../bootstrap/doctor.ts')
      const { readEnvironment } = await import('../../config.ts')
      const findings = await doctor(readEnvironment())
      out.findings(findings, ['what', 'state', 'detail'])
      if (findings.some(({ state }) => state === 'wrong')) throw new Error('Something is wrong.')
    },
  },
  {
    usage: 'store export <file>',
    summary: 'Write everything that is stored into a file, a JSON line for every key',
    async run({ out }, [file = '']) {
      const { exportStore } = await import('../../bootstrap/transfer.ts')
      // It holds secrets; and a backup from before is there until this one is whole.
      const part = `${file}.part`
      const count = await withStore((store) =>
        exportStore(store, createWriteStream(part, { mode: 0o600 }), progress),
      )
      await rename(part, file)
      endProgress()
      out.done(`${count} keys written to ${file}.`, { keys: count, file })
    },
  },
  {
    usage: 'store import <file>',
    summary: 'Read a file of `store export` into this store, which may be of the other kind',
    async run({ out }, [file = '']) {
      const { importStore } = await import('../../bootstrap/transfer.ts')
      const { createLogger } = await import('../../support/logger.ts')
      const options = { onProgress: progress, log: createLogger('warn') }
      const count = await withStore((store) => importStore(store, file, options))
      endProgress()
      out.done(`${count} keys read from ${file}.`, { keys: count, file })
    },
  },
]

/** One line that counts up, for whoever waits at a terminal. */
function progress(done: number): void {
  if (process.stderr.isTTY && done % 1000 === 0) process.stderr.write(`\r${done} keys`)
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}
