/**
 * Runs the fault suite: the whole service on real parts, while processes are
 * killed, servers restarted and lines broken.
 *
 *   npm run test:faults                      500 messages and 3 kills a scenario
 *   npm run test:faults -- --full            10 000 messages and 20 kills
 *   npm run test:faults -- --only crash      files whose name contains the word (repeatable)
 *   npm run test:faults -- --seed 7          the random choices of an earlier run
 *
 * Ends with the figures of every scenario; exit code 1 when one failed.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { printFigures } from './support/figures.ts'

const ROOT = join(import.meta.dirname, '..', '..')

async function run(): Promise<number> {
  const { values } = parseArgs({
    options: {
      full: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      name: { type: 'string' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    },
  })
  const startedAt = performance.now()
  const dir = mkdtempSync(join(tmpdir(), 'belfry-faults-'))
  const figures = join(dir, 'figures.jsonl')
  console.log(`fault suite, ${values.full ? 'full size' : 'CI size'}, seed ${values.seed}`)

  const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs')
  const config = join(import.meta.dirname, 'vitest.config.ts')
  const named = values.name === undefined ? [] : ['--testNamePattern', values.name]
  const child = spawn(
    process.execPath,
    [vitest, 'run', '--config', config, ...named, ...values.only],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: {
        ...process.env,
        BELFRY_FAULTS_FULL: values.full ? '1' : '0',
        BELFRY_FAULTS_SEED: values.seed,
        BELFRY_FAULTS_FIGURES: figures,
      },
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  const [code] = (await once(child, 'exit')) as [number | null]

  printFigures(figures)
  rmSync(dir, { recursive: true, force: true })
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  console.log(`\nseed ${values.seed}, ${seconds} s`)
  return code ?? 1
}

process.exitCode = await run()
