import { rate } from '../core/rate.ts'
import { href, hrefWithin, place } from '../core/route.ts'
import { isNarrow } from '../core/screen.ts'
import { connection, missed } from '../core/stream.ts'
import type { Trail } from '../core/telling.ts'
import { clearTrails, held, isPaused, togglePause, trails } from '../core/trails.ts'
import { counted, stateInWords } from '../core/words.ts'
import { Button, Empty, Export, Tag, Time, toneOf } from '../parts/basics.tsx'
import { Choice, Page, Search } from '../parts/layout.tsx'
import { List } from '../parts/list.tsx'
import { Spark } from '../parts/spark.tsx'
import { Stops } from '../parts/stops.tsx'
import { Happened } from './happened.tsx'
import { Trace } from './trace.tsx'

const KINDS = [
  ['', 'Everything'],
  ['notification', 'Messages'],
  ['alert', 'Alerts'],
  ['event', 'Events'],
  ['session', 'Sessions'],
  ['refused', 'Refused'],
] as const

/** Everything that happens, one line for each message, as it happens. */
export function View() {
  const { rest, query } = place.value
  const shown = filtered(trails.value, query)
  return (
    <Page
      title="Live"
      lead={<Pulse />}
      actions={
        <>
          <Button
            icon={isPaused.value ? 'play' : 'pause'}
            keys="p"
            pressed={isPaused.value}
            onClick={togglePause}
          >
            {isPaused.value ? `Go on${held.value > 0 ? ` (${held.value})` : ''}` : 'Pause'}
          </Button>
          <Button kind="quiet" onClick={clearTrails}>
            Clear
          </Button>
          <Export name="live" rows={() => shown.map(({ events, stops, ...trail }) => trail)} />
        </>
      }
      panel={panelOf(rest)}
    >
      <div class="filters">
        <Search label="Search title, user, topic, id" />
        <Choice name="kind" label="Kind" options={KINDS} />
      </div>
      <List
        label="What happened, newest first"
        items={shown}
        keyOf={({ id }) => id}
        rowHeight={isNarrow.value ? 88 : 56}
        row={(trail) => <Row trail={trail} />}
        empty={<Waiting isFiltered={trails.value.length > 0} />}
      />
    </Page>
  )
}

/** `#/live/<id>` is a message; what else has a name of its own says its kind before. */
function panelOf(rest: readonly string[]) {
  const [first, id] = rest
  if (first === undefined) return null
  if (id === undefined) return <Trace key={first} id={first} />
  return <Happened key={id} kind={first} id={id} />
}

function Pulse() {
  const perSecond = rate.value.at(-1) ?? 0
  return (
    <span class="pulse">
      <Spark values={rate.value} label="Events of each of the last sixty seconds" />
      <span>
        {counted(perSecond, 'event')} in the last second
        {missed.value > 0 ? `, ${counted(missed.value, 'event')} too fast to show` : ''}
      </span>
    </span>
  )
}

function Row({ trail }: { trail: Trail }) {
  const { id, kind, at, title, text, whom, source, priority, state, stops } = trail
  const isCurrent = place.value.rest.at(-1) === id
  return (
    <a
      class={`row live-row kind-${kind} urgency-${priority}`}
      href={linkOf(trail)}
      data-row
      {...(isCurrent ? { 'aria-current': 'true' as const } : {})}
    >
      <span class="live-when">
        <Time at={at} form="clock" />
      </span>
      <span class="live-what">
        <strong>{title}</strong>
        <span class="live-text">{text}</span>
      </span>
      <span class="live-whom" title={source}>
        {whom || source}
      </span>
      <span class="live-how">
        {Object.keys(stops).length > 0 ? <Stops stops={stops} /> : null}
        {state && state !== 'stored' ? <Tag tone={toneOf(state)}>{stateInWords(state)}</Tag> : null}
      </span>
    </a>
  )
}

/** Alerts and refusals have pages of their own. */
function linkOf({ id, kind }: Trail): string {
  if (kind === 'alert') return href(['alerts', id])
  if (kind === 'refused') return href(['system', 'dead-letters', id])
  return hrefWithin(kind === 'notification' ? [id] : [kind, id])
}

function filtered(all: readonly Trail[], query: URLSearchParams): readonly Trail[] {
  const kind = query.get('kind')
  const words = (query.get('q') ?? '').toLowerCase().split(/\s+/).filter(Boolean)
  if (!kind && words.length === 0) return all
  const fits = (trail: Trail) => {
    const { id, title, text, whom, source, priority, state } = trail
    const hay = [id, title, text, whom, source, priority, state].join(' ').toLowerCase()
    return words.every((word) => hay.includes(word))
  }
  return all.filter((trail) => (!kind || kindOf(trail) === kind) && fits(trail))
}

function kindOf({ kind }: Trail): string {
  return kind === 'delivery' ? 'notification' : kind
}

function Waiting({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="Nothing that happened fits the filter" />
  const isAway = connection.value === 'away'
  return (
    <Empty
      title={isAway ? 'The connection is gone; trying again' : 'Quiet. Ring the bell:'}
      command={`mosquitto_pub -t notifications/realtime/user/42 -m '{"title":"Hello","message":"From the tower","priority":"high"}'`}
    >
      Everything that happens from now on appears here: each message with its way through gates,
      queues and providers to the person.
    </Empty>
  )
}
