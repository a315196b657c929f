import { appendFileSync, existsSync, readFileSync } from 'node:fs'

type Figures = Readonly<Record<string, string | number | boolean>>

/** Whether this is the run with the big figures. */
export const isFull = process.env.BELFRY_FAULTS_FULL === '1'

/** How much a scenario does: messages sent, processes killed. */
export const SIZE = isFull ? { messages: 10_000, kills: 20 } : { messages: 500, kills: 3 }

/** Notes what a scenario measured; it is printed when all are through. */
export function note(scenario: string, figures: Figures): void {
  const file = process.env.BELFRY_FAULTS_FIGURES
  if (file) appendFileSync(file, `${JSON.stringify({ scenario, figures })}\n`)
  else console.log(line(scenario, figures))
}

/** Prints what was noted in `file`. */
export function printFigures(file: string): void {
  if (!existsSync(file)) return
  const lines = readFileSync(file, 'utf8').trim().split('\n')
  const notes = lines.map((text) => JSON.parse(text) as { scenario: string; figures: Figures })
  console.log('\nfigures')
  for (const { scenario, figures } of notes.sort((a, b) => (a.scenario < b.scenario ? -1 : 1))) {
    console.log(line(scenario, figures))
  }
}

function line(scenario: string, figures: Figures): string {
  const words = Object.entries(figures).map(([name, value]) => `${name} ${value}`)
  return `  ${scenario}: ${words.join(', ')}`
}
