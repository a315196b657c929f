import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { hrefWithin, place } from '../core/route.ts'
import { isNarrow } from '../core/screen.ts'
import { counted } from '../core/words.ts'
import { Button, Empty, Export, Facts, Raw, Tag, Time, Trouble } from '../parts/basics.tsx'
import { Choice, Page, Panel, Search } from '../parts/layout.tsx'
import { List } from '../parts/list.tsx'
import { Channels } from './channels.tsx'

const VIEWS = [
  ['', 'Sessions'],
  ['channels', 'Channels'],
] as const

/** Who is connected now, to which channels, and what waits for them. */
export function View() {
  const connections = useResource('api/connections?limit=100', { everyMs: 5000 })
  const all: readonly Json[] = connections.data.value?.data ?? []
  const { rest, query } = place.value
  const words = (query.get('q') ?? '').toLowerCase()
  const shown = all.filter((each) => JSON.stringify(each).toLowerCase().includes(words))
  const open = all.find((each) => each.session_id === rest[0])
  return (
    <Page
      title="Connections"
      lead={
        connections.data.value ? `${counted(all.length, 'session')}, over all processes.` : null
      }
      actions={<Export name="connections" rows={() => shown} />}
      panel={open ? <Session session={open} onChange={connections.reload} /> : null}
    >
      <div class="filters">
        <Search label="Search user, session, protocol, channel" />
        <Choice name="view" label="Listed by" options={VIEWS} />
      </div>
      {connections.error.value ? (
        <Trouble problem={connections.error.value} retry={connections.reload} />
      ) : null}
      {query.get('view') === 'channels' ? (
        <Channels sessions={shown} isKnown={connections.data.value !== undefined} />
      ) : (
        <List
          label="Sessions"
          items={shown}
          keyOf={({ user_id, session_id }) => `${user_id} ${session_id}`}
          rowHeight={isNarrow.value ? 72 : 52}
          row={(session) => <Row session={session} />}
          empty={connections.data.value ? <Nobody /> : null}
        />
      )}
    </Page>
  )
}

function Row({ session }: { session: Json }) {
  const { user_id, session_id, transport, protocol, is_active, backlog, channels = [] } = session
  return (
    <a
      class="row line-row"
      href={hrefWithin([session_id])}
      data-row
      {...(place.value.rest[0] === session_id ? { 'aria-current': 'true' as const } : {})}
    >
      <strong>{user_id}</strong>
      <span class="line-about">
        {protocol ?? transport} · {counted(channels.length, 'channel')} · {session_id}
      </span>
      <span class="live-how">
        {backlog > 0 ? (
          <Tag tone="warn">{counted(backlog, 'entry waits', 'entries wait')}</Tag>
        ) : null}
        <Tag tone={is_active === false ? 'quiet' : 'good'}>
          {is_active === false ? 'away' : 'connected'}
        </Tag>
        <Time at={session.created_at} />
      </span>
    </a>
  )
}

function Session({ session, onChange }: { session: Json; onChange: () => unknown }) {
  const { user_id, session_id, transport, protocol, channels = [], backlog } = session
  const disconnect = async () => {
    const path = `api/connections/${encodeURIComponent(session_id)}`
    await act(() => api.delete(path), `${user_id} is disconnected.`)
    await onChange()
  }
  return (
    <Panel title={user_id}>
      <div class="acts">
        <Button kind="danger" onClick={disconnect}>
          Disconnect
        </Button>
      </div>
      <Facts
        rows={[
          ['Session', <code key="s">{session_id}</code>],
          ['Protocol', protocol ?? transport],
          ['Process', session.node],
          ['Since', <Time key="t" at={session.created_at ?? session.connected_at} />],
          ['Last sign', <Time key="l" at={session.last_activity} />],
          ['Acknowledges', session.acknowledges ? 'yes' : 'no'],
          ['Backlog', counted(backlog ?? 0, 'entry', 'entries')],
          ['Channels', channels.join(', ') || null],
        ]}
      />
      <Raw label="Everything known of it" value={session} />
    </Panel>
  )
}

function Nobody() {
  return (
    <Empty
      title="Nobody is connected"
      command={`npx wscat -c '${location.origin.replace(/^http/, 'ws')}${location.pathname}ws?user_id=42'`}
    >
      Browsers and devices that are connected are listed here, with what waits for them. Connect as
      somebody:
    </Empty>
  )
}
