import type { ComponentChildren } from 'preact'
import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { momentOf, now } from '../core/time.ts'
import { Button, Empty, Time, Trouble } from '../parts/basics.tsx'
import { Field, Page } from '../parts/layout.tsx'

const DAYS = 14
const DAY_MS = 86_400_000
const HUES = 6
const turnAt = new Intl.DateTimeFormat('en-GB', {
  ...{ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
})
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric' })

/** Who is on call, today and for two weeks, and who takes over for a while. */
export function OnCall({ tabs }: { tabs: ComponentChildren }) {
  const schedules = useResource('api/schedules', { everyMs: 60_000 })
  const current = useResource('api/oncall', { everyMs: 30_000 })
  const all: readonly Json[] = schedules.data.value?.data ?? []
  const onNow: readonly Json[] = current.data.value?.schedules ?? []
  const users = [...new Set(onNow.flatMap((one) => one.users as readonly string[]))].sort()
  const lead =
    users.length > 0 ? `Now on call: ${users.join(', ')}.` : 'Nobody is on call by a schedule.'
  return (
    <Page title="On call" lead={current.data.value ? lead : null} actions={tabs}>
      {schedules.error.value ? (
        <Trouble problem={schedules.error.value} retry={schedules.reload} />
      ) : null}
      <div class="scroll">
        {schedules.data.value && all.length === 0 ? <NoSchedule /> : null}
        {all.map((schedule) => (
          <Calendar
            key={schedule.id}
            schedule={schedule}
            onChange={() => Promise.all([schedules.reload(), current.reload()])}
          />
        ))}
        <Sets sets={current.data.value?.sets ?? []} />
      </div>
    </Page>
  )
}

/** Whom people or scripts put on call, for as long as they like. */
function Sets({ sets }: { sets: readonly Json[] }) {
  if (sets.length === 0) return null
  return (
    <section class="calendar" aria-label="Put on call">
      <h2>Put on call</h2>
      <ul class="shifts">
        {sets.map(({ type, users }) => (
          <li key={type}>
            <strong>{users.join(', ')}</strong> <span>for {type}</span>
          </li>
        ))}
      </ul>
    </section>
  )
}

function Calendar({ schedule, onChange }: { schedule: Json; onChange: () => unknown }) {
  const from = startOfToday()
  const path = `api/schedules/${encodeURIComponent(schedule.id)}`
  const query = `from=${from / 1000}&days=${DAYS}`
  const shifts = useResource(`${path}/shifts?${query}`, { everyMs: 60_000 })
  const changed = () => Promise.all([shifts.reload(), onChange()])
  const all: readonly Json[] = shifts.data.value?.data ?? []
  const users = [...new Set(all.map(({ user_id }) => user_id as string))]
  return (
    <section class="calendar" aria-label={schedule.name}>
      <h2>{schedule.name}</h2>
      <p class="hint">
        {schedule.alert_types === null
          ? 'where a policy names it'
          : schedule.alert_types.join(', ') || 'every type of alert'}{' '}
        · {schedule.time_zone}
      </p>
      <div class="calendar-grid" aria-hidden="true">
        <div class="calendar-days">
          {daysFrom(from).map((day) => (
            <span key={day}>{weekday.format(day)}</span>
          ))}
        </div>
        {users.map((user, index) => (
          <div key={user} class="calendar-row">
            {all
              .filter(({ user_id }) => user_id === user)
              .map((shift) => (
                <Bar key={shift.starts_at} shift={shift} from={from} hue={index % HUES} />
              ))}
          </div>
        ))}
        <span class="calendar-now" style={{ left: percent(now.value - from) }} />
      </div>
      <ul class="shifts">
        {all.slice(0, 8).map(({ user_id, starts_at, ends_at }) => (
          <li key={`${user_id} ${starts_at}`}>
            <strong>{user_id}</strong> <Span from={starts_at} to={ends_at} />
          </li>
        ))}
      </ul>
      <Overrides schedule={schedule} path={path} onChange={changed} />
    </section>
  )
}

function Span({ from, to }: { from: string; to: string }) {
  const [start, end] = [momentOf(from) ?? 0, momentOf(to) ?? 0]
  return (
    <span>
      {start <= now.value ? 'until' : `${turnAt.format(start)} –`} {turnAt.format(end)}
    </span>
  )
}

function Bar({ shift, from, hue }: { shift: Json; from: number; hue: number }) {
  const start = (momentOf(shift.starts_at) ?? from) - from
  const lasts = (momentOf(shift.ends_at) ?? from) - from - start
  return (
    <span
      class={`shift hue-${hue}`}
      style={{ left: percent(start), width: percent(lasts) }}
      title={`${shift.user_id}: ${shift.starts_at} – ${shift.ends_at}`}
    >
      {shift.user_id}
    </span>
  )
}

function Overrides(props: { schedule: Json; path: string; onChange: () => unknown }) {
  const { schedule, path, onChange } = props
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const values = Object.fromEntries(new FormData(form)) as Record<string, string>
    const override = {
      type: values.type,
      user_id: values.user_id,
      replaces: values.type === 'replace' && values.replaces ? values.replaces : null,
      starts_at: new Date(values.starts_at ?? '').toISOString(),
      ends_at: new Date(values.ends_at ?? '').toISOString(),
    }
    if (await act(() => api.post(`${path}/overrides`, override), 'The override is in force.'))
      form.reset()
    await onChange()
  }
  const remove = (id: string) => async () => {
    await act(() => api.delete(`${path}/overrides/${encodeURIComponent(id)}`), 'Taken back.')
    await onChange()
  }
  return (
    <details class="overrides">
      <summary>Overrides ({schedule.overrides.length})</summary>
      <ul>
        {schedule.overrides.map((each: Json) => (
          <li key={each.id}>
            {each.type} <strong>{each.user_id}</strong>
            {each.replaces ? ` for ${each.replaces}` : ''}, <Time at={each.starts_at} /> –{' '}
            <Time at={each.ends_at} />
            <Button kind="quiet" onClick={remove(each.id)}>
              Take back
            </Button>
          </li>
        ))}
      </ul>
      <form class="form form-row" onSubmit={(event) => void submit(event)}>
        <Field label="What">
          {(id) => (
            <select id={id} name="type">
              <option value="replace">takes over</option>
              <option value="add">is on call too</option>
              <option value="remove">is not on call</option>
            </select>
          )}
        </Field>
        <Field label="Who">{(id) => <input id={id} name="user_id" required />}</Field>
        <Field label="For (all, if empty)">{(id) => <input id={id} name="replaces" />}</Field>
        <Field label="From">
          {(id) => <input id={id} name="starts_at" type="datetime-local" required />}
        </Field>
        <Field label="Until">
          {(id) => <input id={id} name="ends_at" type="datetime-local" required />}
        </Field>
        <button type="submit" class="button button-main">
          Override
        </button>
      </form>
    </details>
  )
}

function NoSchedule() {
  return (
    <Empty
      title="No schedule yet"
      command={`curl ${location.origin}${location.pathname}api/schedules -H 'content-type: application/json' -d '{"name":"First line","time_zone":"Europe/Berlin","rules":[{"rotation":{"type":"weekly","starts_at":"2026-01-05T08:00:00Z","participants":["ada","grace"]}}]}'`}
    >
      A schedule says who answers alerts when: one person, or a rotation. Make one:
    </Empty>
  )
}

function daysFrom(from: number): readonly number[] {
  return Array.from({ length: DAYS }, (_, day) => from + day * DAY_MS)
}

function startOfToday(): number {
  const today = new Date(now.value)
  today.setHours(0, 0, 0, 0)
  return today.getTime()
}

function percent(ms: number): string {
  return `${Math.max(0, Math.min(100, (ms / (DAYS * DAY_MS)) * 100)).toFixed(3)}%`
}
