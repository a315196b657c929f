import { useSignal } from '@preact/signals'
import type { Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { href, hrefWithin, place } from '../core/route.ts'
import { isNarrow } from '../core/screen.ts'
import { trails } from '../core/trails.ts'
import { counted } from '../core/words.ts'
import { Empty, Export, Facts, Raw, Tag, Time, Trouble } from '../parts/basics.tsx'
import { Page, Panel, Search } from '../parts/layout.tsx'
import { List } from '../parts/list.tsx'
import { Publish } from './publish.tsx'

/** Every topic that is taken; what came on it; and a form to try it. */
export function View() {
  const routes = useResource('api/routes')
  const schema = useResource('asyncapi.json')
  const all: readonly Json[] = routes.data.value?.data ?? []
  const { rest, query } = place.value
  const words = (query.get('q') ?? '').toLowerCase()
  const shown = all.filter(({ pattern }) => pattern.toLowerCase().includes(words))
  const open = all.find(({ pattern }) => pattern === rest[0])
  return (
    <Page
      title="Topics"
      lead={
        routes.data.value
          ? `${counted(all.length, 'route')}; what no route takes is refused, and kept.`
          : null
      }
      actions={<Export name="topics" rows={() => shown} />}
      panel={open ? <Route key={open.pattern} route={open} schema={schema.data.value} /> : null}
    >
      <div class="filters">
        <Search label="Search topic" />
      </div>
      {routes.error.value ? <Trouble problem={routes.error.value} retry={routes.reload} /> : null}
      <List
        label="Routes"
        items={shown}
        keyOf={({ pattern }) => pattern}
        rowHeight={isNarrow.value ? 72 : 48}
        row={(route) => <Row route={route} />}
        empty={routes.data.value ? <Empty title="No topic fits the search" /> : null}
      />
    </Page>
  )
}

function Row({ route }: { route: Json }) {
  const { pattern, qos, shared, worker_count, middleware } = route
  return (
    <a
      class="row line-row topic-row"
      href={hrefWithin([pattern])}
      data-row
      {...(place.value.rest[0] === pattern ? { 'aria-current': 'true' as const } : {})}
    >
      <strong>{pattern}</strong>
      <span class="line-about">{middleware.join(' → ')}</span>
      <span class="live-how">
        {shared ? <Tag tone="info">shared ×{worker_count}</Tag> : null}
        <Tag tone="quiet">QoS {qos}</Tag>
      </span>
    </a>
  )
}

function Route({ route, schema }: { route: Json; schema: Json | undefined }) {
  const address = route.pattern.replace(/\{(\w+)(?::\w+)?\*?\}/g, '{$1}')
  const channel = Object.values(schema?.channels ?? {}).find(
    (each) => (each as Json).address === address,
  ) as Json | undefined
  const [message] = Object.values(channel?.messages ?? {}) as Json[]
  const isTailing = useSignal(true)
  const came = trails.value.filter(({ source }) => fits(route.filter, source)).slice(0, 12)
  return (
    <Panel title={route.pattern}>
      <Facts
        rows={[
          ['Filter', <code key="f">{route.filter}</code>],
          ['QoS', route.qos],
          ['Connections', route.shared ? `${route.worker_count}, of its own` : 'the common ones'],
          ['Gates', route.middleware.join(' → ')],
        ]}
      />
      <Publish pattern={route.pattern} schema={message?.payload ?? null} />
      <section aria-label="Live tail">
        <h3>Live tail</h3>
        {came.length === 0 ? (
          <p class="hint">Nothing came on this topic since the page was opened.</p>
        ) : null}
        <ul class="lines" hidden={!isTailing.value}>
          {came.map(({ id, at, title, source, kind }) => (
            <li key={id}>
              <Time at={at} form="clock" />{' '}
              <a href={kind === 'alert' ? href(['alerts', id]) : href(['live', id])}>{title}</a>{' '}
              <span class="hint">{source}</span>
            </li>
          ))}
        </ul>
      </section>
      {message?.payload ? <Raw label="Schema of the payload" value={message.payload} /> : null}
    </Panel>
  )
}

/** Whether a concrete topic is one of a filter with `+` and `#` (MQTT 3.1.1 §4.7). */
function fits(filter: string, topic: string): boolean {
  const levels = topic.split('/')
  const wanted = filter.split('/')
  const isPart = wanted.every((want, at) => want === '#' || want === '+' || want === levels[at])
  return isPart && (wanted.at(-1) === '#' || wanted.length === levels.length)
}
