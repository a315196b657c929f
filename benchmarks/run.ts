/**
 * `npm run bench -- [--quick] [--only <name>[,<name>]]`: asks the questions one
 * after the other, each with its yardstick beside it, and prints a table.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { serverAvailable } from '../tests/support/servers.ts'
import { alerts } from './alerts.ts'
import { broadcast } from './broadcast.ts'
import { deliveries } from './deliveries.ts'
import { embeddedIngest } from './embedded-ingest.ts'
import { fanOut } from './fan-out.ts'
import { heartbeats } from './heartbeats.ts'
import { ingest } from './ingest.ts'
import { latency } from './latency.ts'
import { listeners } from './listeners.ts'
import { memory } from './memory.ts'
import { processes } from './processes.ts'
import { queue } from './queue.ts'
import { routes } from './routes.ts'
import { type Finding, holds, type Question } from './support/question.ts'
import { templates } from './templates.ts'
import { users } from './users.ts'

const QUESTIONS: readonly Question[] = [
  ingest,
  embeddedIngest,
  processes,
  latency,
  alerts,
  queue,
  listeners,
  deliveries,
  fanOut,
  memory,
  heartbeats,
  broadcast,
  routes,
  templates,
  users,
]

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, only: { type: 'string' } },
})
const names = values.only?.split(',') ?? QUESTIONS.map(({ name }) => name)
const unknown = names.filter((name) => !QUESTIONS.some((question) => question.name === name))
if (unknown.length > 0) {
  const known = QUESTIONS.map(({ name }) => name).join(', ')
  console.error(`There is no question ${unknown.join(', ')}; there are ${known}.`)
  process.exit(2)
}

const findings: Finding[] = []
for (const question of QUESTIONS.filter(({ name }) => names.includes(name))) {
  const missing = question.needs.filter((server) => !serverAvailable(server))
  if (missing.length > 0) {
    console.log(`${question.name}: skipped, ${missing.join(' and ')} is not installed`)
    continue
  }
  const startedAt = performance.now()
  console.log(`${question.name}: ${question.asks}`)
  const found = await question.ask({ quick: values.quick })
  for (const finding of found) console.log(`  ${row(finding).join('  ')}`)
  console.log(`  ${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
  findings.push(...found)
}
if (findings.length > 1) console.log(`\n${table(findings)}`)
process.exit()

function row(finding: Finding): string[] {
  const { what, unit, ours, yardstick, against, ratio, must } = finding
  return [
    what,
    `${figure(ours)} ${unit}`,
    `${figure(yardstick)} ${against}`,
    ratio.toFixed(2),
    `must ${must[0]} ${must[1]}`,
    holds(finding) ? 'ok' : 'MISSED',
  ]
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3)
}

function table(all: readonly Finding[]): string {
  const rows = [['question', 'ours', 'yardstick', 'ratio', '', ''], ...all.map(row)]
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((each) => each[column]!.length)))
  return rows
    .map((each) =>
      each
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
