import type { ComponentChildren } from 'preact'
import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { Button, Empty, Tag, Time, Trouble } from '../parts/basics.tsx'
import { Field, Page } from '../parts/layout.tsx'

const LASTS = ['30m', '1h', '2h', '4h', '8h', '1d', '7d'] as const

/** What makes no noise for a while: silences, and maintenance with its systems. */
export function Silences({ tabs }: { tabs: ComponentChildren }) {
  const silences = useResource('api/silences', { everyMs: 15_000 })
  const all: readonly Json[] = silences.data.value?.data ?? []
  return (
    <Page
      title="Silences"
      lead="Alerts that match are kept and counted; nobody is told of them."
      actions={tabs}
    >
      <div class="scroll">
        <NewSilence onChange={silences.reload} />
        {silences.error.value ? (
          <Trouble problem={silences.error.value} retry={silences.reload} />
        ) : null}
        {silences.data.value && all.length === 0 ? (
          <Empty
            title="Nothing is silenced"
            command={`mosquitto_pub -q 1 -t notifications/system/maintenance -m '{"type":"started","duration_minutes":60,"services":["freezer-3"],"message":"New compressor"}'`}
          >
            Maintenance that is announced by MQTT is silence for its services:
          </Empty>
        ) : null}
        <ul class="cards">
          {all.map((silence) => (
            <li key={silence.id} class="card" data-item>
              <Silence silence={silence} onChange={silences.reload} />
            </li>
          ))}
        </ul>
      </div>
    </Page>
  )
}

function Silence({ silence, onChange }: { silence: Json; onChange: () => unknown }) {
  const { id, comment, created_by, starts_at, ends_at, state, recurrence } = silence
  const end = async () => {
    await act(() => api.delete(`api/silences/${encodeURIComponent(id)}`), 'The silence is over.')
    await onChange()
  }
  return (
    <>
      <h2>{comment}</h2>
      <p class="alert-state">
        <Tag tone={state === 'active' ? 'info' : 'quiet'}>{state ?? 'active'}</Tag>
        <span>by {created_by}</span>
        <span>
          <Time at={starts_at} />{' '}
          {ends_at ? (
            <>
              – <Time at={ends_at} />
            </>
          ) : null}
        </span>
        {recurrence ? (
          <span>
            every week, {recurrence.start}–{recurrence.end} {recurrence.time_zone}
          </span>
        ) : null}
      </p>
      <p class="matchers">
        {[...(silence.matchers ?? []).map(matcherInWords), ...(silence.affected_systems ?? [])].map(
          (text: string) => (
            <code key={text}>{text}</code>
          ),
        )}
      </p>
      {state === 'expired' ? null : (
        <Button kind="danger" onClick={end}>
          End it now
        </Button>
      )}
    </>
  )
}

function matcherInWords({ name, operator, value }: Json): string {
  return `${name}${operator}"${value}"`
}

function NewSilence({ onChange }: { onChange: () => unknown }) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const values = Object.fromEntries(new FormData(form)) as Record<string, string>
    const lines = (text = '') => text.split('\n').flatMap((line) => line.trim() || [])
    const body = {
      matchers: lines(values.matchers),
      affected_systems: (values.systems ?? '').split(',').flatMap((each) => each.trim() || []),
      comment: values.comment,
      for: values.for,
    }
    if (await act(() => api.post('api/silences', body), 'It is quiet now.')) form.reset()
    await onChange()
  }
  return (
    <details class="card">
      <summary>New silence</summary>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <Field
          label="Matchers, one a line"
          hint={'As Alertmanager writes them: type="temperature", source=~"freezer-.*"'}
        >
          {(id) => <textarea id={id} name="matchers" rows={2} spellcheck={false} />}
        </Field>
        <Field label="Systems" hint="Parted by commas; in place of matchers, or besides">
          {(id) => <input id={id} name="systems" />}
        </Field>
        <Field label="Why">{(id) => <input id={id} name="comment" required />}</Field>
        <Field label="For how long">
          {(id) => (
            <select id={id} name="for" defaultValue="2h">
              {LASTS.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <button type="submit" class="button button-main">
          Silence
        </button>
      </form>
    </details>
  )
}
