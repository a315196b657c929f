import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { hrefWithin, place } from '../core/route.ts'
import { lasting } from '../core/time.ts'
import { counted } from '../core/words.ts'
import { Button, Empty, Export, Raw, Tag, Time, Trouble } from '../parts/basics.tsx'
import { Page, Panel } from '../parts/layout.tsx'
import { Spark } from '../parts/spark.tsx'

const EVERY_MS = 2000
const MOST_POINTS = 60

/** How deep each queue was at the last looks; kept while the page is open. */
const history = signal<Readonly<Record<string, readonly number[]>>>({})

/** What waits, what is under way, what failed; and how to put it right. */
export function View() {
  const queues = useResource('api/queues', { everyMs: EVERY_MS })
  const all: readonly Json[] = queues.data.value?.data ?? []
  const data = queues.data.value
  useEffect(() => {
    if (data) history.value = extended(history.peek(), data.data)
  }, [data])
  const [name] = place.value.rest
  const waiting = all.reduce((sum, queue) => sum + readyOf(queue), 0)
  const failed = all.reduce((sum, queue) => sum + queue.failed, 0)
  return (
    <Page
      title="Queues"
      lead={data ? `${counted(waiting, 'job')} ready, ${counted(failed, 'job')} failed.` : null}
      actions={<Export name="queues" rows={() => all} />}
      panel={name ? <Failed key={name} name={name} onChange={queues.reload} /> : null}
    >
      {queues.error.value ? <Trouble problem={queues.error.value} retry={queues.reload} /> : null}
      <ul class="queue-grid scroll" aria-label="Queues">
        {all.toSorted(byInterest).map((queue) => (
          <li
            key={queue.name}
            class={isIdle(queue) ? 'card queue is-idle' : 'card queue'}
            data-item
          >
            <Queue queue={queue} onChange={queues.reload} />
          </li>
        ))}
      </ul>
    </Page>
  )
}

function extended(before: Readonly<Record<string, readonly number[]>>, queues: readonly Json[]) {
  return Object.fromEntries(
    queues.map((queue) => [
      queue.name,
      [...(before[queue.name] ?? []), readyOf(queue) + queue.in_flight].slice(-MOST_POINTS),
    ]),
  )
}

function readyOf({ ready }: Json): number {
  return Object.values(ready as Record<string, number>).reduce((sum, each) => sum + each, 0)
}

function isIdle(queue: Json): boolean {
  return readyOf(queue) + queue.in_flight + queue.scheduled + queue.failed === 0
}

/** Those in which something is, or is wrong, come first. */
function byInterest(a: Json, b: Json): number {
  const weight = (queue: Json) =>
    queue.failed * 1000 + (queue.paused ? 500 : 0) + readyOf(queue) + queue.in_flight
  return weight(b) - weight(a) || b.scheduled - a.scheduled
}

function Queue({ queue, onChange }: { queue: Json; onChange: () => unknown }) {
  const { name, paused, failed, scheduled, in_flight, oldest_age_seconds } = queue
  const path = `api/queues/${encodeURIComponent(name)}`
  const toggle = async () => {
    const verb = paused ? 'resume' : 'pause'
    await act(() => api.post(`${path}/${verb}`), paused ? `${name} goes on.` : `${name} waits.`)
    await onChange()
  }
  return (
    <>
      <div class="queue-head">
        <h2>
          <a href={hrefWithin([name])} data-row>
            {name}
          </a>
        </h2>
        <Button
          kind="quiet"
          icon={paused ? 'play' : 'pause'}
          label={paused ? `Let ${name} go on` : `Pause ${name}`}
          keys="p"
          pressed={paused}
          onClick={toggle}
        />
      </div>
      <div class="queue-main">
        <p>
          <span class="queue-depth">{readyOf(queue).toLocaleString('en')}</span> ready
        </p>
        <Spark values={history.value[name] ?? [0]} label={`Depth of ${name} at the last looks`} />
      </div>
      <p class="queue-facts">
        <span>{in_flight} in flight</span>
        <span>{scheduled} scheduled</span>
        {oldest_age_seconds === null ? null : <span>oldest {lasting(oldest_age_seconds)}</span>}
        {failed > 0 ? <Tag tone="bad">{failed} failed</Tag> : <span>0 failed</span>}
        {paused ? <Tag tone="warn">paused</Tag> : null}
      </p>
    </>
  )
}

function Failed({ name, onChange }: { name: string; onChange: () => unknown }) {
  const path = `api/queues/${encodeURIComponent(name)}`
  const failed = useResource(`${path}/failed?limit=100`, { everyMs: 5000, on: ['delivery'] })
  const jobs: readonly Json[] = failed.data.value?.data ?? []
  const doing = (verb: string, body: object, done: string) => async () => {
    await act(() => api.post(`${path}/${verb}`, body), done)
    await Promise.all([failed.reload(), onChange()])
  }
  return (
    <Panel title={`Failed in ${name}`}>
      {failed.error.value ? <Trouble problem={failed.error.value} retry={failed.reload} /> : null}
      {jobs.length > 0 ? (
        <div class="acts">
          <Button kind="main" onClick={doing('retry', { all: true }, 'All are tried again.')}>
            Retry all
          </Button>
          <Button kind="danger" onClick={doing('forget', { all: true }, 'All are forgotten.')}>
            Forget all
          </Button>
          <Export name={`failed-${name}`} rows={() => jobs} />
        </div>
      ) : null}
      {failed.data.value && jobs.length === 0 ? (
        <Empty title="Nothing failed here" command={`belfry queue failed ${name}`}>
          A job that its provider refuses for good, or too often, is kept here with every attempt.
        </Empty>
      ) : null}
      <ul class="cards">
        {jobs.map((job) => (
          <li key={job.id} class="card" data-item>
            <p>
              <strong>{job.history?.at(-1)?.reason ?? 'no reason was given'}</strong>
            </p>
            <p class="queue-facts">
              <span>{counted(job.attempts, 'attempt')}</span>
              <span>{job.user_id ?? job.to ?? job.phone ?? ''}</span>
              <Time at={job.created_at} />
            </p>
            <div class="acts">
              <Button keys="e" onClick={doing('retry', { id: job.id }, 'It is tried again.')}>
                Retry
              </Button>
              <Button onClick={doing('forget', { id: job.id }, 'Forgotten.')}>Forget</Button>
            </div>
            <Raw label="The job" value={job} />
          </li>
        ))}
      </ul>
    </Panel>
  )
}
