import type { Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { place } from '../core/route.ts'
import { Empty, Export, Trouble } from '../parts/basics.tsx'
import { Chart } from '../parts/chart.tsx'
import { Choice, Wide } from '../parts/layout.tsx'

const METRICS = ['sent', 'delivered', 'seen', 'read', 'clicked', 'failed'] as const
const BY = [
  ['channel', 'By channel'],
  ['type', 'By type'],
  ['variant', 'By variant'],
  ['day', 'By day'],
] as const
const SPANS = [
  ['30', '30 days'],
  ['7', '7 days'],
  ['1', 'Today'],
] as const
const DAY_MS = 86_400_000
const EVERY_MS = 15_000

type Row = Readonly<Record<(typeof METRICS)[number], number>> & { readonly name: string }

/** What became of notifications: by channel, type, variant of a template, or day. */
export function Outcomes() {
  const { query } = place.value
  const by = query.get('by') ?? 'channel'
  const days = Number(query.get('days') ?? 30)
  const from = new Date(Date.now() - (days - 1) * DAY_MS).toISOString().slice(0, 10)
  const stats = useResource(`api/stats?from=${from}`, { everyMs: EVERY_MS })
  const report = stats.data.value?.notifications
  const rows = report ? rowsOf(report[`by_${by}`] ?? {}) : []
  return (
    <section class="card" aria-label="What became of notifications">
      <div class="page-head">
        <h2>What became of them</h2>
        <Export name={`outcomes-by-${by}`} rows={() => rows} />
      </div>
      <div class="filters">
        <Choice name="by" label="Counted by" options={BY} />
        <Choice name="days" label="Since" options={SPANS} />
      </div>
      {stats.error.value ? <Trouble problem={stats.error.value} retry={stats.reload} /> : null}
      {report && rows.length === 0 ? <Nothing by={by} /> : null}
      {by === 'day' && rows.length > 1 ? <Days rows={rows} /> : null}
      {rows.length > 0 ? <Table by={by} rows={rows} /> : null}
    </section>
  )
}

function rowsOf(totals: Readonly<Record<string, Json>>): readonly Row[] {
  return Object.entries(totals)
    .map(([name, counts]): Row => ({ name, ...counts }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function Table({ by, rows }: { by: string; rows: readonly Row[] }) {
  return (
    <Wide label="Outcomes">
      <table class="table">
        <thead>
          <tr>
            <th scope="col">{by.charAt(0).toUpperCase() + by.slice(1)}</th>
            {METRICS.map((metric) => (
              <th key={metric} scope="col" class="number">
                {metric}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">{row.name}</th>
              {METRICS.map((metric) => (
                <td key={metric} class={row[metric] ? 'number' : 'number is-zero'}>
                  {(row[metric] ?? 0).toLocaleString('en')}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

function Days({ rows }: { rows: readonly Row[] }) {
  const shown = ['sent', 'read', 'failed'] as const
  return (
    <Chart
      title="Day by day"
      at={rows.map(({ name }) => Date.parse(name) / 1000)}
      series={shown.map((name) => ({ name, values: rows.map((row) => row[name] ?? 0) }))}
    />
  )
}

function Nothing({ by }: { by: string }) {
  if (by === 'variant') {
    return (
      <Empty title="No template has variants yet">
        A template with several wordings gives each person one of them; here stands what came of
        each.
      </Empty>
    )
  }
  return (
    <Empty
      title="Nothing was sent in this time"
      command={`mosquitto_pub -t notifications/realtime/user/42 -m '{"message":"Count me"}'`}
    />
  )
}
