import type { ComponentChildren } from 'preact'
import type { Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { href } from '../core/route.ts'
import { may } from '../core/session.ts'
import type { Happening } from '../core/stream.ts'
import { inFull, momentOf } from '../core/time.ts'
import { trailOf } from '../core/trails.ts'
import { reasonInWords, stateInWords } from '../core/words.ts'
import { Command, Facts, Raw, Tag, Time, Trouble, toneOf } from '../parts/basics.tsx'
import { Panel } from '../parts/layout.tsx'

/** One moment on the way of a message. */
interface Step {
  readonly at: unknown
  readonly what: ComponentChildren
  readonly why?: ComponentChildren
  readonly tone: 'good' | 'bad' | 'quiet' | 'info' | 'warn' | 'plain'
}

/** The whole way of one message, and why it was not delivered where it was not. */
export function Trace({ id }: { id: string }) {
  const trace = useResource(`api/notifications/${encodeURIComponent(id)}/trace`, {
    on: ['delivery', 'read', 'archived', 'snoozed', 'returned'],
  })
  const record = useResource(`api/notifications/${encodeURIComponent(id)}`, { on: ['read'] })
  const seen = trailOf(id)
  const known = trace.data.value
  const problem = trace.error.value
  return (
    <Panel title={record.data.value?.title ?? seen?.title ?? 'Message'}>
      {record.data.value ? <Head record={record.data.value} /> : null}
      {known?.reason ? <LeftOut trace={known} /> : known ? <Unreached trace={known} /> : null}
      {known || seen ? (
        <ol class="trace">
          {stepsOf(known, record.data.value, seen?.events ?? []).map((step, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps are in order and have no names.
            <li key={index} class={`trace-step tone-${step.tone}`}>
              <span class="trace-when">{step.at ? <Time at={step.at} form="clock" /> : null}</span>
              <div>
                <p class="trace-what">{step.what}</p>
                {step.why ? <p class="trace-why">{step.why}</p> : null}
              </div>
            </li>
          ))}
        </ol>
      ) : null}
      {problem && !known ? (
        <NotKept problem={problem} retry={trace.reload} isSeen={!!seen} />
      ) : null}
      {record.data.value ? <Raw label="The record" value={record.data.value} /> : null}
      <Command text={`belfry tail --json | grep ${id}`} label="Copy a command that follows it" />
    </Panel>
  )
}

function Head({ record }: { record: Json }) {
  return (
    <>
      <p class="quote">{record.message}</p>
      <Facts
        rows={[
          [
            'To',
            may('admin') ? (
              <a key="to" href={href(['people', record.user_id])}>
                {record.user_id}
              </a>
            ) : (
              record.user_id
            ),
          ],
          [
            'Priority',
            <Tag key="p" tone={toneOf(record.priority)}>
              {record.priority}
            </Tag>,
          ],
          ['Type', record.type],
          ['Id', <code key="id">{record.id}</code>],
        ]}
      />
    </>
  )
}

/** The answer to "why was this user not notified?", before the details. */
function Unreached({ trace }: { trace: Json }) {
  const skipped = trace.deliveries.filter((each: Json) => each.status === 'skipped')
  const failed = trace.deliveries.filter((each: Json) => each.status === 'failed')
  const fine = trace.deliveries.filter((each: Json) =>
    ['sent', 'delivered', 'read'].includes(each.status),
  )
  const out = fine.map(({ channel }: Json) => channel).join(', ')
  return (
    <div class="verdict">
      <p>
        {out === '' ? 'It is in the inbox; no channel has taken it out yet.' : `Out by ${out}.`}
        {trace.read_at ? ' It was read.' : ' It was not read yet.'}
      </p>
      {skipped.length + failed.length === 0 ? null : (
        <ul>
          {[...failed, ...skipped].map(({ channel, reason, status, attempts }: Json) => (
            <li key={channel}>
              <strong>No {channel}</strong>:{' '}
              {reasonInWords(reason ?? attempts?.at(-1)?.reason ?? status)}
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

/** A message that became no notification of its own. */
function LeftOut({ trace }: { trace: Json }) {
  return (
    <div class="verdict">
      <p>
        <strong>{trace.status === 'merged' ? 'Collected with others' : 'Not sent'}</strong>:{' '}
        {reasonInWords(trace.reason)}
        {trace.detail ? ` (${trace.detail})` : ''}.
      </p>
      {trace.into ? (
        <a href={href(['live', trace.into])}>The message that it became part of</a>
      ) : null}
    </div>
  )
}

function NotKept(props: { problem: Json; retry: () => unknown; isSeen: boolean }) {
  if (!props.isSeen) return <Trouble problem={props.problem} retry={props.retry} />
  return <p class="hint">{props.problem.message} Shown is what was seen here.</p>
}

/** What the service keeps and what was seen live, as one way from the topic to the person. */
function stepsOf(trace: Json, record: Json, events: readonly Happening[]): readonly Step[] {
  const stored = events.find(({ what }) => what === 'notification')
  const steps: Step[] = []
  const came = stored?.source
  if (came) steps.push({ at: stored.at, what: sourceInWords(came), tone: 'plain' })
  const createdAt = trace?.created_at ?? stored?.at
  if (createdAt && !trace?.reason) {
    const why = 'Identity, rate limit and filters let it pass; it is in the store.'
    steps.push({ at: createdAt, what: 'Accepted', why, tone: 'good' })
  }
  if (record?.template) {
    steps.push({ at: createdAt, what: `Worded by the template ${record.template}`, tone: 'plain' })
  }
  for (const delivery of trace?.deliveries ?? []) steps.push(...deliverySteps(delivery, record))
  if (!trace) steps.push(...events.filter(({ what }) => what === 'delivery').map(attemptSeen))
  const { seen_at, archived_at, snoozed_until } = record ?? {}
  const readAt = trace?.read_at ?? record?.read_at
  const { delivered_at, acked_at, fallback, reminders } = trace ?? {}
  if (delivered_at) steps.push({ at: delivered_at, what: 'Arrived at a device', tone: 'good' })
  if (seen_at && seen_at !== readAt) steps.push({ at: seen_at, what: 'Seen', tone: 'info' })
  if (readAt) steps.push({ at: readAt, what: 'Read', tone: 'good' })
  if (acked_at) steps.push({ at: acked_at, what: 'Acknowledged', tone: 'good' })
  if (archived_at) steps.push({ at: archived_at, what: 'Archived', tone: 'quiet' })
  if (fallback?.at) steps.push(later(fallback.at, 'Further channels, unless it arrives'))
  if (reminders?.at) steps.push(later(reminders.at, 'A reminder, unless it is acknowledged'))
  const until = momentOf(snoozed_until)
  if (until !== null) steps.push({ at: null, what: `Snoozed until ${inFull(until)}`, tone: 'info' })
  return steps
}

function later(at: string, what: string): Step {
  return { at: null, what: `${what}: ${inFull(momentOf(at) ?? 0)}`, tone: 'info' }
}

function sourceInWords(source: string): string {
  return /^(GET|POST|PUT) /.test(source) ? `HTTP ${source}` : `MQTT publish on ${source}`
}

function deliverySteps(delivery: Json, record: Json): Step[] {
  const { channel, status, reason, attempts = [] } = delivery
  if (status === 'skipped' && attempts.length === 0) {
    return [{ at: null, what: `No ${channel}`, why: reasonInWords(reason), tone: 'quiet' }]
  }
  const until = momentOf(record?.held?.[channel])
  const queued: Step = {
    at: record?.created_at,
    what: `Queued for ${channel}`,
    ...(until === null ? {} : { why: `held until ${inFull(until)}: quiet hours` }),
    tone: 'plain',
  }
  if (channel === 'realtime') {
    const why = 'to every session of the user, and kept for those that come back'
    return [{ at: record?.created_at, what: 'Sent by realtime', why, tone: 'good' }]
  }
  const tries = attempts.map((attempt: Json) => attemptStep(channel, attempt))
  const ends = attempts.at(-1)?.outcome !== status && !['queued', 'sent'].includes(status)
  const end: Step = { at: null, what: `${channel}: ${stateInWords(status)}`, tone: toneOf(status) }
  return [queued, ...tries, ...(ends ? [end] : [])]
}

function attemptStep(channel: string, { at, provider, outcome, reason, id }: Json): Step {
  const isOutbox = provider === 'outbox'
  const by = isOutbox ? 'into the outbox: no provider is configured' : `by ${provider}`
  const why = [by, reason ? reasonInWords(reason) : '', id && !isOutbox ? `id ${id}` : '']
  return {
    at,
    what: `${channel}: ${stateInWords(outcome)}`,
    why: why.filter(Boolean).join(' · '),
    tone: toneOf(outcome),
  }
}

function attemptSeen(event: Happening): Step {
  const { channel, provider, status, reason, at } = event
  return attemptStep(channel, { at, provider, outcome: status, reason })
}
