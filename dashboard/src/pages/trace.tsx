import type { Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { href } from '../core/route.ts'
import { may } from '../core/session.ts'
import type { Happening } from '../core/stream.ts'
import { inFull, momentOf } from '../core/time.ts'
import { trailOf } from '../core/trails.ts'
import { leftOutInWords, reasonInWords, stateInWords } from '../core/words.ts'
import { Command, Facts, Raw, Tag, Trouble, toneOf } from '../parts/basics.tsx'
import { Panel } from '../parts/layout.tsx'
import { attemptSeen, attemptStep, type Step, Steps, sourceInWords } from './steps.tsx'

/** The whole way of one message, and why it was not delivered where it was not. */
export function Trace({ id }: { id: string }) {
  const path = `api/notifications/${encodeURIComponent(id)}`
  const trace = useResource(`${path}/trace`, {
    on: ['notification', 'delivery', 'read', 'archived', 'snoozed', 'returned'],
    about: id,
  })
  const known = trace.data.value
  // What was left out or collected has a trace and no record.
  const record = useResource(known && !known.reason ? path : null, {
    on: ['notification', 'read', 'archived', 'snoozed'],
    about: id,
  })
  const seen = trailOf(id)
  const problem = trace.error.value
  return (
    <Panel title={record.data.value?.title ?? seen?.title ?? 'Message'}>
      {record.data.value ? <Head record={record.data.value} /> : null}
      {known?.reason ? <LeftOut trace={known} /> : known ? <Unreached trace={known} /> : null}
      {known || seen ? (
        <Steps steps={stepsOf(known, record.data.value, seen?.events ?? [])} />
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
        {leftOutInWords(trace)}.
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
  const at = trace?.created_at ?? stored?.at ?? events[0]?.at
  const isStored = !trace?.reason && (trace !== undefined || stored !== undefined)
  const steps: Step[] = [...comingSteps(trace, record, { at, events })]
  if (isStored) {
    const why = 'Identity, rate limit and filters let it pass; it is in the store.'
    steps.push({ at, what: 'Accepted', why, tone: 'good' })
  }
  const waiting = events.find(({ what }) => what === 'scheduled')
  if (waiting) {
    const until = inFull(momentOf(waiting.send_at) ?? 0)
    steps.push({ at: waiting.at, what: `Put off until ${until}`, tone: 'info' })
  }
  if (record?.template) steps.push({ at, what: templateInWords(record), tone: 'plain' })
  for (const delivery of trace?.deliveries ?? []) steps.push(...deliverySteps(delivery, record))
  if (!trace) steps.push(...events.filter(({ what }) => what === 'delivery').map(attemptSeen))
  return [...steps, ...arrivalSteps(trace ?? {}, record ?? {})]
}

/** How it came in. */
function comingSteps(
  trace: Json,
  record: Json,
  { at, events }: { at: unknown; events: readonly Happening[] },
): Step[] {
  const steps: Step[] = []
  const source = trace?.source ?? record?.source ?? events.find((each) => each.source)?.source
  if (source) steps.push({ at, what: sourceInWords(String(source)), tone: 'plain' })
  if (record?.event_id) {
    const link = <a href={href(['live', 'event', record.event_id])}>an event</a>
    steps.push({ at, what: <>A listener heard of {link}</>, tone: 'plain' })
  }
  return steps
}

function templateInWords({ template, variant }: Json): string {
  return `Worded by the template ${template}${variant ? `, variant ${variant}` : ''}`
}

/** What became of it with the person, and what is still to come. */
function arrivalSteps(trace: Json, record: Json): Step[] {
  const steps: Step[] = []
  const { seen_at, archived_at, snoozed_until, clicked_at } = record
  const readAt = trace.read_at ?? record.read_at
  const { delivered_at, acked_at, fallback, reminders } = trace
  if (delivered_at) steps.push({ at: delivered_at, what: 'Arrived at a device', tone: 'good' })
  if (seen_at && seen_at !== readAt) steps.push({ at: seen_at, what: 'Seen', tone: 'info' })
  if (clicked_at) steps.push({ at: clicked_at, what: 'A link in the mail followed', tone: 'good' })
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
