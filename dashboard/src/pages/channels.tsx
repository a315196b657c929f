import type { Json } from '../core/api.ts'
import { hrefWithin } from '../core/route.ts'
import { isNarrow } from '../core/screen.ts'
import { counted } from '../core/words.ts'
import { Empty, Tag } from '../parts/basics.tsx'
import { List } from '../parts/list.tsx'

interface Channel {
  readonly name: string
  readonly sessions: readonly Json[]
}

/** Broadcast channels that somebody is on, and who: presence, as far as sessions are known. */
export function Channels({ sessions, isKnown }: { sessions: readonly Json[]; isKnown: boolean }) {
  return (
    <List
      label="Channels"
      items={channelsOf(sessions)}
      keyOf={({ name }) => name}
      rowHeight={isNarrow.value ? 72 : 52}
      row={(channel) => <Row channel={channel} />}
      empty={isKnown ? <Nobody /> : null}
    />
  )
}

function channelsOf(sessions: readonly Json[]): readonly Channel[] {
  const on = new Map<string, Json[]>()
  for (const session of sessions) {
    for (const name of (session.channels ?? []) as string[]) {
      on.set(name, [...(on.get(name) ?? []), session])
    }
  }
  return [...on]
    .map(([name, some]) => ({ name, sessions: some }))
    .sort((a, b) => b.sessions.length - a.sessions.length || (a.name < b.name ? -1 : 1))
}

function Row({ channel: { name, sessions } }: { channel: Channel }) {
  const users = [...new Set(sessions.map(({ user_id }) => user_id ?? 'a guest'))]
  const [first] = sessions
  return (
    <a class="row line-row" href={hrefWithin([first.session_id])} data-row>
      <strong>{name}</strong>
      <span class="line-about" title={users.join(', ')}>
        {users.join(', ')}
      </span>
      <span class="live-how">
        <Tag tone="quiet">{kindOf(name)}</Tag>
        <Tag tone="good">{counted(sessions.length, 'client')}</Tag>
      </span>
    </a>
  )
}

function kindOf(name: string): string {
  return /^(private|presence)-/.exec(name)?.[1] ?? 'public'
}

function Nobody() {
  return (
    <Empty
      title="Nobody is on a channel"
      command={`npx wscat -c '${location.origin.replace(/^http/, 'ws')}${location.pathname}ws/chat/lobby?user_id=42'`}
    >
      Broadcast channels are listed while somebody is on them, with everybody who is. Join one:
    </Empty>
  )
}
