import { createWriteStream } from 'node:fs'
import { doctor } from '../../bootstrap/doctor.ts'
import { openStore } from '../../bootstrap/open-store.ts'
import { exportStore, importStore } from '../../bootstrap/transfer.ts'
import { loadConfig, readEnvironment } from '../../config.ts'
import { runService } from '../../main.ts'
import { systemClock } from '../../support/clock.ts'
import { createLogger } from '../../support/logger.ts'
import type { Command } from '../command.ts'

/** The commands that do not need a running service. */
export const processCommands: readonly Command[] = [
  {
    usage: 'start',
    summary: 'Start the service',
    async run() {
      await runService()
    },
  },
  {
    usage: 'doctor',
    summary:
      'Check configuration, broker, store and providers: what works, what does not, what to set',
    async run({ out }) {
      const findings = await doctor(readEnvironment())
      out.table(findings, ['what', 'state', 'detail'])
      if (findings.some(({ state }) => state === 'wrong')) throw new Error('Something is wrong.')
    },
  },
  {
    usage: 'store export <file>',
    summary: 'Write everything that is stored into a file, a JSON line for every key',
    async run({ out }, [file = '']) {
      const count = await withStore((store) =>
        exportStore(store, createWriteStream(file), (done) => progress(done)),
      )
      out.done(`${count} keys written to ${file}.`, { keys: count, file })
    },
  },
  {
    usage: 'store import <file>',
    summary: 'Read a file of `store export` into this store, which may be of the other kind',
    async run({ out }, [file = '']) {
      const count = await withStore((store) => importStore(store, file, (done) => progress(done)))
      out.done(`${count} keys read from ${file}.`, { keys: count, file })
    },
  },
]

async function withStore<Result>(
  use: (store: Awaited<ReturnType<typeof openStore>>['store']) => Promise<Result>,
): Promise<Result> {
  const config = loadConfig(readEnvironment())
  const log = createLogger('warn')
  const { store, bus } = await openStore(config, { clock: systemClock, log })
  try {
    return await use(store)
  } finally {
    await bus.close()
    await store.close()
  }
}

function progress(done: number): void {
  if (process.stderr.isTTY && done % 1000 === 0) process.stderr.write(`\r${done} keys`)
}
