import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { Export, Trouble } from '../parts/basics.tsx'
import { Chart, type Series } from '../parts/chart.tsx'
import { Page } from '../parts/layout.tsx'
import { Outcomes } from './outcomes.tsx'

const EVERY_MS = 3000
const MOST_POINTS = 300

const FIGURES = [
  ['users', 'people', '#/people'],
  ['connected_users', 'connected', '#/connections'],
  ['open_alerts', 'open alerts', '#/alerts'],
  ['waiting', 'jobs ready', '#/queues'],
  ['scheduled', 'scheduled', '#/queues'],
  ['in_flight', 'in flight', '#/queues'],
  ['failed', 'failed', '#/queues'],
  ['dead_letters', 'refused', '#/system/dead-letters'],
] as const

interface Point {
  readonly at: number
  readonly [figure: string]: number
}

/** What was seen while a page of the dashboard was open. */
const points = signal<readonly Point[]>([])

/** How much there is of everything, and how it goes. */
export function View() {
  const stats = useResource('api/stats', { everyMs: EVERY_MS })
  const data = stats.data.value
  useEffect(() => {
    if (data) points.value = [...points.peek(), pointOf(data)].slice(-MOST_POINTS)
  }, [data])
  return (
    <Page
      title="Stats"
      lead="Now and day by day; for graphs of months, Prometheus reads /metrics."
      actions={<Export name="stats" rows={() => points.value} />}
    >
      {stats.error.value ? <Trouble problem={stats.error.value} retry={stats.reload} /> : null}
      {data ? (
        <div class="scroll">
          <ul class="figures" aria-label="How much there is">
            {FIGURES.map(([name, words, link]) => (
              <li key={name} class="figure">
                <b>{(data[name] ?? 0).toLocaleString('en')}</b>
                <a href={link} data-row>
                  {words}
                </a>
              </li>
            ))}
          </ul>
          <Outcomes />
          <Chart
            title="Work"
            at={points.value.map(({ at }) => at)}
            series={seriesOf(['waiting', 'in_flight', 'scheduled'])}
          />
          <Chart
            title="Trouble"
            at={points.value.map(({ at }) => at)}
            series={seriesOf(['open_alerts', 'failed', 'dead_letters'])}
          />
        </div>
      ) : null}
    </Page>
  )
}

function pointOf(data: Json): Point {
  const figures = FIGURES.map(([name]) => [name, Number(data[name] ?? 0)])
  return { ...Object.fromEntries(figures), at: Date.now() / 1000 }
}

function seriesOf(names: readonly string[]): readonly Series[] {
  const words = new Map<string, string>(FIGURES.map(([name, text]) => [name, text]))
  return names.map((name) => ({
    name: words.get(name) ?? name,
    values: points.value.map((point) => point[name] ?? 0),
  }))
}
