import type { Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { hrefWithin, place } from '../core/route.ts'
import { counted } from '../core/words.ts'
import { Empty, Export, Tag, Time, Trouble, toneOf } from '../parts/basics.tsx'
import { Choice, Page, Search } from '../parts/layout.tsx'
import { AlertActs, Escalation } from './alert-acts.tsx'
import { AlertPanel } from './alert-panel.tsx'
import { OnCall } from './on-call.tsx'
import { Silences } from './silences.tsx'

const SEVERITIES = ['critical', 'warning', 'info'] as const
const VIEWS = [
  ['', 'Board'],
  ['oncall', 'On call'],
  ['silences', 'Silences'],
] as const

/** What must be acknowledged, who is told next, and when. */
export function View() {
  const { rest, query } = place.value
  const which = query.get('view') ?? ''
  if (which === 'oncall') return <OnCall tabs={<Views />} />
  if (which === 'silences') return <Silences tabs={<Views />} />
  return <Board id={rest[0] ?? null} />
}

function Views() {
  return <Choice name="view" label="What to look at" options={VIEWS} />
}

function Board({ id }: { id: string | null }) {
  const { query } = place.value
  const status = query.get('status') ?? 'open'
  const alerts = useResource(`api/alerts?limit=100&status=${encodeURIComponent(status)}`, {
    on: ['alert.'],
    everyMs: 15_000,
  })
  const all: readonly Json[] = alerts.data.value?.data ?? []
  const words = (query.get('q') ?? '').toLowerCase()
  const shown = all.filter((alert) => JSON.stringify(alert).toLowerCase().includes(words))
  const unanswered = all.filter((alert) => alert.status === 'triggered').length
  return (
    <Page
      title="Alerts"
      lead={alerts.data.value ? leadOf(all.length, unanswered, status) : null}
      actions={
        <>
          <Views />
          <Export name="alerts" rows={() => shown} />
        </>
      }
      panel={id ? <AlertPanel key={id} id={id} onChange={alerts.reload} /> : null}
    >
      <div class="filters">
        <Search label="Search type, source, message, label" />
        <Choice
          name="status"
          label="Status"
          options={[
            ['open', 'Open'],
            ['triggered', 'Unanswered'],
            ['resolved', 'Resolved'],
          ]}
        />
      </div>
      {alerts.error.value ? <Trouble problem={alerts.error.value} retry={alerts.reload} /> : null}
      {alerts.data.value && shown.length === 0 ? <Calm isFiltered={all.length > 0} /> : null}
      <div class="board">
        {SEVERITIES.map((severity) => {
          const column = shown.filter((alert) => alert.severity === severity)
          return column.length === 0 ? null : (
            <section key={severity} class={`column severity-${severity}`} aria-label={severity}>
              <h2>
                {severity} <span class="count">{column.length}</span>
              </h2>
              <ul>
                {column.toSorted(byUrgency).map((alert) => (
                  <li key={alert.id} data-item>
                    <Card alert={alert} isOpen={alert.id === id} onChange={alerts.reload} />
                  </li>
                ))}
              </ul>
            </section>
          )
        })}
      </div>
    </Page>
  )
}

const RANK: Readonly<Record<string, number>> = {
  triggered: 0,
  snoozed: 1,
  acknowledged: 2,
  resolved: 3,
}

/** Unanswered first, of those the newest. */
function byUrgency(a: Json, b: Json): number {
  return (RANK[a.status] ?? 9) - (RANK[b.status] ?? 9) || b.timestamp - a.timestamp
}

function leadOf(count: number, unanswered: number, status: string): string {
  if (status === 'resolved') return counted(count, 'resolved alert')
  if (count === 0) return 'All quiet.'
  return unanswered === 0
    ? `${counted(count, 'open alert')}, all answered.`
    : `${counted(unanswered, 'alert waits', 'alerts wait')} for an answer.`
}

function Card(props: { alert: Json; isOpen: boolean; onChange: () => unknown }) {
  const { alert, isOpen, onChange } = props
  return (
    <article class={`alert-card is-${alert.status}`}>
      <a
        class="alert-open"
        href={hrefWithin([alert.id])}
        data-row
        {...(isOpen ? { 'aria-current': 'true' as const } : {})}
      >
        <span class="alert-title">{alert.message}</span>
        <span class="alert-about">
          {alert.type}
          {alert.source ? ` · ${alert.source}` : ''}
          {alert.count > 1 ? ` · ×${alert.count}` : ''}
        </span>
      </a>
      <p class="alert-state">
        <Tag tone={toneOf(alert.status)}>{alert.status}</Tag>
        <Escalation alert={alert} />
        <span class="alert-age">
          <Time at={alert.created_at} />
        </span>
      </p>
      <AlertActs alert={alert} onChange={onChange} />
    </article>
  )
}

function Calm({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="No alert fits the search" />
  return (
    <Empty
      title="Nothing is on fire"
      command={`mosquitto_pub -q 1 -t notifications/alerts/critical/temperature -m '{"message":"Freezer 3 is at -4 °C","source":"freezer-3"}'`}
    >
      An alert stays here until somebody acknowledges it; meanwhile one step of people after the
      other is told. Raise one to see it:
    </Empty>
  )
}
