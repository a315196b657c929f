import type { Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { href } from '../core/route.ts'
import { may } from '../core/session.ts'
import type { Happening } from '../core/stream.ts'
import type { Trail } from '../core/telling.ts'
import { trailOf } from '../core/trails.ts'
import { stateInWords } from '../core/words.ts'
import { Empty, Facts, Raw, Tag, Time, toneOf } from '../parts/basics.tsx'
import { Panel } from '../parts/layout.tsx'
import { attemptSeen, attemptStep, type Step, Steps, sourceInWords } from './steps.tsx'

/** Where the service keeps what happened, for those who were not looking. */
const KEPT: Readonly<Record<string, string>> = { event: 'api/events', delivery: 'api/deliveries' }

interface Known {
  readonly kind: string
  readonly id: string
  readonly seen: Trail | undefined
  /** What the service keeps of it, if anything. */
  readonly record: Json
}

/** What is no notification: an event, a session, a message to a bare address. */
export function Happened({ kind, id }: { kind: string; id: string }) {
  const path = KEPT[kind]
  const resource = useResource(path ? `${path}/${encodeURIComponent(id)}` : null, {
    on: [kind],
    about: id,
  })
  const known = { kind, id, record: resource.data.value, seen: trailOf(id) }
  if (!known.record && !known.seen) {
    const isOver = path === undefined || resource.error.value !== null
    return <Panel title="What happened">{isOver ? <Gone /> : null}</Panel>
  }
  return (
    <Panel title={titleOf(known)}>
      <About {...known} />
      <Steps steps={stepsOf(known)} />
      {known.record ? <Raw label="The record" value={known.record} /> : null}
    </Panel>
  )
}

function Gone() {
  return (
    <Empty title="Nothing is known of it any more">
      Sessions are seen live and not kept; events and deliveries are kept for their time.
    </Empty>
  )
}

function titleOf({ seen, record }: Known): string {
  return seen?.title || (record?.type ?? record?.subject ?? `Direct ${record?.channel}`)
}

function About({ kind, id, seen, record }: Known) {
  const state = record?.status ?? seen?.state ?? ''
  const whom = seen?.whom || record?.source_user || record?.to || record?.phone
  const text = seen?.text || (record?.payload ? JSON.stringify(record.payload) : record?.message)
  return (
    <>
      {text ? <p class="quote">{text}</p> : null}
      <Facts
        rows={[
          [kind === 'event' ? 'Told by' : 'Who', <Whom key="w" kind={kind} whom={whom} />],
          [
            'State',
            <Tag key="s" tone={toneOf(state)}>
              {stateInWords(state)}
            </Tag>,
          ],
          ['Since', <Time key="t" at={record?.created_at ?? seen?.at} />],
          ['Id', <code key="id">{id}</code>],
        ]}
      />
    </>
  )
}

function Whom({ kind, whom }: { kind: string; whom: string | undefined }) {
  const isPerson = whom && kind !== 'delivery' && may('admin')
  return isPerson ? <a href={href(['people', whom])}>{whom}</a> : <span>{whom || '–'}</span>
}

/** What was seen here, or else what the service says of it. */
function stepsOf({ kind, record, seen }: Known): readonly Step[] {
  if (kind === 'delivery') return deliverySteps(record, seen?.events ?? [])
  if (seen !== undefined) return seen.events.map(stepSeen)
  const { created_at, processed_at, status, error } = record
  return [
    { at: created_at, what: 'Logged', tone: 'good' },
    { at: processed_at, what: stateInWords(status), tone: toneOf(status), why: error },
  ]
}

const CHANGES: Readonly<Record<string, string>> = {
  event: 'Logged; listeners are told',
  'event.processed': 'Every listener has heard of it',
  'event.pending': 'A listener failed; it is told again',
  'event.failed': 'A listener failed for good',
  'session.connected': 'Connected',
  'session.resumed': 'Came back, and gets what it missed',
  'session.away': 'The connection is gone; what comes in waits for it',
  'session.ended': 'Ended',
}

function stepSeen({ at, what, source, reason, protocol }: Happening): Step {
  const why = source ? sourceInWords(source) : protocol ? `by ${protocol}` : reason
  const tone = what.endsWith('.failed') ? 'bad' : what.endsWith('.away') ? 'warn' : 'good'
  return { at, what: CHANGES[what] ?? what, tone, ...(why ? { why } : {}) }
}

function deliverySteps(record: Json, events: readonly Happening[]): readonly Step[] {
  const queued = events.find(({ what }) => what === 'queued')
  const { channel = queued?.channel, created_at = queued?.at, history } = record ?? {}
  const source = queued?.source
  const came: Step[] = source
    ? [{ at: created_at, what: sourceInWords(String(source)), tone: 'plain' }]
    : []
  const first: Step = { at: created_at, what: `Queued for ${channel}`, tone: 'plain' }
  const tries = history
    ? history.map((attempt: Json) => attemptStep(channel, attempt))
    : events.filter(({ what }) => what === 'delivery').map(attemptSeen)
  return [...came, first, ...tries]
}
