import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { usePages } from '../core/paging.ts'
import { useResource } from '../core/resource.ts'
import { go, href, place } from '../core/route.ts'
import { isNarrow } from '../core/screen.ts'
import { Button, Empty, Export, Facts, Tag, Time, Trouble } from '../parts/basics.tsx'
import { Page, Panel, Search } from '../parts/layout.tsx'
import { List } from '../parts/list.tsx'
import { SystemTabs } from './system-tabs.tsx'

/** What was turned away: why, and once more if it should be let in now. */
export function DeadLetters() {
  const letters = usePages('api/dead-letters?limit=100', { on: ['refused'] })
  const { rest, query } = place.value
  const words = (query.get('q') ?? '').toLowerCase()
  const shown = letters.items.value.filter((each) =>
    `${each.code} ${each.topic} ${each.payload}`.toLowerCase().includes(words),
  )
  const forget = async () => {
    await act(() => api.delete('api/dead-letters'), 'All are forgotten.')
    await letters.reload()
  }
  return (
    <Page
      title="Refused"
      lead="What was not let in, newest first; nothing is turned away without a trace."
      actions={
        <>
          <SystemTabs />
          <Button kind="danger" onClick={forget} disabled={shown.length === 0}>
            Forget all
          </Button>
          <Export name="dead-letters" rows={() => shown} />
        </>
      }
      panel={rest[1] ? <Letter key={rest[1]} id={rest[1]} onChange={letters.reload} /> : null}
    >
      <div class="filters">
        <Search label="Search code, topic, payload" />
      </div>
      {letters.error.value ? (
        <Trouble problem={letters.error.value} retry={letters.reload} />
      ) : null}
      <List
        label="Refused messages, newest first"
        items={shown}
        keyOf={({ id }) => id}
        rowHeight={isNarrow.value ? 72 : 52}
        row={(letter) => <Row letter={letter} />}
        onEnd={letters.more}
        empty={letters.isLoaded.value ? <Nothing /> : null}
      />
    </Page>
  )
}

function Row({ letter }: { letter: Json }) {
  const { id, code, topic, error, at } = letter
  return (
    <a
      class="row line-row"
      href={href(['system', 'dead-letters', id])}
      data-row
      {...(place.value.rest[1] === id ? { 'aria-current': 'true' as const } : {})}
    >
      <strong>{topic}</strong>
      <span class="line-about">{issuesOf(error)}</span>
      <span class="live-how">
        <Tag tone="bad">{code}</Tag>
        <Time at={at} />
      </span>
    </a>
  )
}

/** What exactly is wrong, where it was said. */
function issuesOf({ message, issues = [] }: Json): string {
  const said = issues.map((issue: Json) => `${issue.path} ${issue.message}`.trim())
  const isSaid = said.some((each: string) => message.includes(each))
  return said.length === 0 || isSaid ? message : said.join('; ')
}

function Letter({ id, onChange }: { id: string; onChange: () => unknown }) {
  const path = `api/dead-letters/${encodeURIComponent(id)}`
  const resource = useResource(path)
  const letter = resource.data.value
  const replay = async () => {
    if (!(await act(() => api.post(`${path}/replay`), 'It went through again.'))) return
    go(href(['system', 'dead-letters']))
    await onChange()
  }
  return (
    <Panel title={letter?.code ?? 'Refused'}>
      {resource.error.value ? (
        <Trouble problem={resource.error.value} retry={resource.reload} />
      ) : null}
      {letter ? (
        <>
          <p class="quote">{letter.error.message}</p>
          <ul class="lines">
            {(letter.error.issues ?? []).map(({ path: at, message }: Json) => (
              <li key={`${at} ${message}`}>
                <code>{at}</code> {message}
              </li>
            ))}
          </ul>
          <Facts
            rows={[
              ['Topic', <code key="t">{letter.topic}</code>],
              ['Door', letter.door],
              ['From', letter.peer],
              ['When', <Time key="w" at={letter.at} />],
              ['Bytes', letter.bytes],
            ]}
          />
          <pre class="source">{letter.payload}</pre>
          {letter.door === 'mqtt' ? (
            <Button kind="main" icon="reload" keys="r" onClick={replay}>
              Replay
            </Button>
          ) : null}
        </>
      ) : null}
    </Panel>
  )
}

function Nothing() {
  return (
    <Empty
      title="Nothing was refused"
      command={`mosquitto_pub -q 1 -t notifications/realtime/user/42 -m '{"title":"no message"}'`}
    >
      A message that is malformed, not allowed or over the limit is kept here with its reason. Send
      one that must be refused:
    </Empty>
  )
}
