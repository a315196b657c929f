import { useState } from 'preact/hooks'
import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { Button, Command, Facts, Raw, Tag, Time, Trouble, toneOf } from '../parts/basics.tsx'
import { Field, Panel } from '../parts/layout.tsx'
import { AlertActs, Escalation } from './alert-acts.tsx'

const SNOOZES = [
  ['15m', '15 min'],
  ['1h', '1 h'],
  ['4h', '4 h'],
  ['12h', '12 h'],
  ['1d', '1 day'],
] as const

/** One alert with its log; a note goes along with what is done. */
export function AlertPanel({ id, onChange }: { id: string; onChange: () => unknown }) {
  const path = `api/alerts/${encodeURIComponent(id)}`
  const resource = useResource(path, { on: ['alert.'], everyMs: 15_000 })
  const alert = resource.data.value
  const changed = async () => {
    await Promise.all([resource.reload(), onChange()])
  }
  return (
    <Panel title={alert?.message ?? 'Alert'}>
      {resource.error.value ? (
        <Trouble problem={resource.error.value} retry={resource.reload} />
      ) : null}
      {alert ? (
        <>
          <p class="alert-state">
            <Tag tone={toneOf(alert.severity)}>{alert.severity}</Tag>
            <Tag tone={toneOf(alert.status)}>{alert.status}</Tag>
            <Escalation alert={alert} />
          </p>
          <AlertActs alert={alert} onChange={changed} />
          {alert.status === 'resolved' ? null : <More path={path} onChange={changed} />}
          <About alert={alert} />
          <Log log={alert.log} />
          <Command
            text={`mosquitto_pub -q 1 -t notifications/alerts/ack/${id} -m '{"user_id":"me","note":"on it"}'`}
            label="Copy how to acknowledge it by MQTT"
          />
          <Raw label="The record" value={alert} />
        </>
      ) : null}
    </Panel>
  )
}

function More({ path, onChange }: { path: string; onChange: () => unknown }) {
  const [note, setNote] = useState('')
  const doing =
    (verb: string, done: string, body: object = {}) =>
    async () => {
      const said = note.trim() === '' ? body : { ...body, note }
      if (await act(() => api.post(`${path}/${verb}`, said), done)) setNote('')
      await onChange()
    }
  return (
    <details class="more-acts">
      <summary>With a note, or for another time</summary>
      <Field label="Note for the log">
        {(id) => (
          <input
            id={id}
            value={note}
            maxLength={1000}
            onInput={({ currentTarget }) => setNote(currentTarget.value)}
          />
        )}
      </Field>
      <div class="acts">
        <Button onClick={doing('ack', 'Acknowledged.')}>Acknowledge</Button>
        <Button onClick={doing('ack', 'Acknowledged for an hour.', { for: '1h' })}>
          Acknowledge for 1 h
        </Button>
        <Button onClick={doing('resolve', 'Resolved.')}>Resolve</Button>
      </div>
      <div class="acts">
        {SNOOZES.map(([lasts, words]) => (
          <Button
            key={lasts}
            kind="quiet"
            label={`Snooze for ${words}`}
            onClick={doing('snooze', `Quiet for ${words}.`, { for: lasts })}
          >
            {words}
          </Button>
        ))}
      </div>
    </details>
  )
}

function About({ alert }: { alert: Json }) {
  const labels = Object.entries(alert.labels ?? {})
  return (
    <Facts
      rows={[
        ['Type', alert.type],
        ['Source', alert.source],
        ['Affected', alert.affected_systems.join(', ') || null],
        ['Labels', labels.map(([name, value]) => `${name}=${value}`).join(', ') || null],
        ['Seen', `${alert.count}×`],
        ['Since', <Time key="since" at={alert.created_at} />],
        ['Last seen', <Time key="last" at={alert.last_seen_at} />],
        ['Policy', `${alert.policy ?? '–'}, step ${alert.step + 1}`],
        ['Id', <code key="id">{alert.id}</code>],
      ]}
    />
  )
}

function Log({ log }: { log: readonly Json[] }) {
  return (
    <section aria-label="Log">
      <h3>Log</h3>
      <ol class="trace">
        {log.map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a log only grows.
          <li key={index} class={`trace-step tone-${toneOf(entry.what)}`}>
            <span class="trace-when">
              <Time at={entry.at} form="clock" />
            </span>
            <div>
              <p class="trace-what">
                {entry.what}
                {entry.who ? ` by ${entry.who}` : ''}
              </p>
              {entry.why ? <p class="trace-why">{entry.why}</p> : null}
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}
