import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { usePages } from '../core/paging.ts'
import { useResource } from '../core/resource.ts'
import { hrefWithin, place } from '../core/route.ts'
import { isNarrow } from '../core/screen.ts'
import { me } from '../core/session.ts'
import { counted } from '../core/words.ts'
import { Button, Empty, Export, Facts, Tag, Time, Trouble, toneOf } from '../parts/basics.tsx'
import { Choice, Page, Panel } from '../parts/layout.tsx'
import { List } from '../parts/list.tsx'

const VIEWS = [
  ['', 'Inbox'],
  ['unread', 'Unread'],
  ['archived', 'Archived'],
] as const

/** One's own notifications. */
export function View() {
  const { rest, query } = place.value
  const which = query.get('view') ?? ''
  const filter = { unread: '&unread_only=true', archived: '&archived=true' }[which] ?? ''
  const messages = usePages(`api/notifications?limit=100${filter}`, { on: ['inbox'] })
  const count = useResource('api/notifications?limit=1', { on: ['inbox'] })
  const unread = count.data.value?.unread_count ?? 0
  const changed = () => Promise.all([messages.reload(), count.reload()])
  const readAll = async () => {
    await act(() => api.put('api/notifications/mark-all-read'), 'Everything is read.')
    await changed()
  }
  return (
    <Page
      title="Inbox"
      lead={
        unread === 0
          ? 'Everything is read.'
          : `${counted(unread, 'message is', 'messages are')} unread.`
      }
      actions={
        <>
          <Button icon="check" onClick={readAll} disabled={unread === 0}>
            Read all
          </Button>
          <Export name="inbox" rows={() => messages.items.value} />
        </>
      }
      panel={rest[0] ? <Message key={rest[0]} id={rest[0]} onChange={changed} /> : null}
    >
      <div class="filters">
        <Choice name="view" label="Which" options={VIEWS} />
      </div>
      {messages.error.value ? (
        <Trouble problem={messages.error.value} retry={messages.reload} />
      ) : null}
      <List
        label="Your notifications, newest first"
        items={messages.items.value}
        keyOf={({ id }) => id}
        rowHeight={isNarrow.value ? 72 : 60}
        row={(message) => <Row message={message} />}
        onEnd={messages.more}
        empty={messages.isLoaded.value ? <Nothing which={which} /> : null}
      />
    </Page>
  )
}

function Row({ message }: { message: Json }) {
  const { id, title, message: text, priority, read, created_at } = message
  return (
    <a
      class={`row line-row urgency-${priority} ${read ? '' : 'is-unread'}`}
      href={hrefWithin([id])}
      data-row
      {...(place.value.rest[0] === id ? { 'aria-current': 'true' as const } : {})}
    >
      <strong>{title}</strong>
      <span class="line-about">{text}</span>
      <span class="live-how">
        {read ? null : <Tag tone="info">new</Tag>}
        <Time at={created_at} />
      </span>
    </a>
  )
}

function Message({ id, onChange }: { id: string; onChange: () => unknown }) {
  const path = `api/notifications/${encodeURIComponent(id)}`
  const resource = useResource(path, { on: ['inbox'] })
  const message = resource.data.value
  const doing =
    (verb: string, done: string, body: object = {}) =>
    async () => {
      await act(() => api.put(`${path}/${verb}`, body), done)
      await Promise.all([resource.reload(), onChange()])
    }
  return (
    <Panel title={message?.title ?? 'Message'}>
      {resource.error.value ? (
        <Trouble problem={resource.error.value} retry={resource.reload} />
      ) : null}
      {message ? (
        <>
          <p class="quote">{message.message}</p>
          <div class="acts">
            {message.read ? (
              <Button onClick={doing('unread', 'Unread again.')}>Unread</Button>
            ) : (
              <Button kind="main" icon="check" onClick={doing('read', 'Read.')}>
                Read
              </Button>
            )}
            <Button keys="e" onClick={doing('archive', 'Archived.')}>
              Archive
            </Button>
            <Button
              icon="clock"
              keys="s"
              onClick={doing('snooze', 'It comes back in an hour.', { for_seconds: 3600 })}
            >
              1 h
            </Button>
          </div>
          <Facts
            rows={[
              [
                'Priority',
                <Tag key="p" tone={toneOf(message.priority)}>
                  {message.priority}
                </Tag>,
              ],
              ['Type', message.type],
              ['Sent', <Time key="t" at={message.created_at} />],
              ['Read', message.read_at ? <Time key="r" at={message.read_at} /> : 'not yet'],
            ]}
          />
        </>
      ) : null}
    </Panel>
  )
}

function Nothing({ which }: { which: string }) {
  if (which !== '') return <Empty title="Nothing here" />
  return (
    <Empty
      title="Your inbox is empty"
      command={`mosquitto_pub -t notifications/realtime/user/${me.value?.id} -m '{"title":"Hello","message":"To myself"}'`}
    >
      What is sent to you appears here at once.
    </Empty>
  )
}
