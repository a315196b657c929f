import type { Json } from '../core/api.ts'
import { usePages } from '../core/paging.ts'
import { useResource } from '../core/resource.ts'
import { href, hrefWithin, place } from '../core/route.ts'
import { isNarrow } from '../core/screen.ts'
import { Empty, Export, Facts, Raw, Tag, Time, Trouble } from '../parts/basics.tsx'
import { Choice, Page, Panel, Search } from '../parts/layout.tsx'
import { List } from '../parts/list.tsx'
import { Preview } from '../parts/previews.tsx'
import { Release } from './release.tsx'

const CHANNELS = [
  ['', 'All'],
  ['email', 'Mail'],
  ['sms', 'SMS'],
  ['voice', 'Calls'],
  ['push', 'Push'],
  ['slack', 'Slack'],
  ['webhook', 'Hooks'],
] as const

/** What channels without a provider would have sent, as it would have looked. */
export function View() {
  const { rest, query } = place.value
  const channel = query.get('channel') ?? ''
  const messages = usePages(`api/outbox?limit=100${channel && `&channel=${channel}`}`, {
    on: ['delivery'],
  })
  const words = (query.get('q') ?? '').toLowerCase()
  const shown = messages.items.value.filter(({ to, subject, text }) =>
    `${to} ${subject} ${text}`.toLowerCase().includes(words),
  )
  return (
    <Page
      title="Outbox"
      lead="Channels without a provider deliver here. Nothing is dropped unseen."
      actions={<Export name="outbox" rows={() => shown} />}
      panel={rest[0] ? <Message key={rest[0]} id={rest[0]} /> : null}
    >
      <div class="filters">
        <Search label="Search address, subject, text" />
        <Choice name="channel" label="Channel" options={CHANNELS} />
      </div>
      {messages.error.value ? (
        <Trouble problem={messages.error.value} retry={messages.reload} />
      ) : null}
      <List
        label="Messages, newest first"
        items={shown}
        keyOf={({ id }) => id}
        rowHeight={isNarrow.value ? 72 : 52}
        row={(message) => <Row message={message} />}
        onEnd={messages.more}
        empty={messages.isLoaded.value ? <Nothing isFiltered={words !== ''} /> : null}
      />
    </Page>
  )
}

function Row({ message }: { message: Json }) {
  const { id, channel, to, subject, text, created_at } = message
  return (
    <a
      class="row outbox-row"
      href={hrefWithin([id])}
      data-row
      {...(place.value.rest[0] === id ? { 'aria-current': 'true' as const } : {})}
    >
      <span>
        <Tag>{channel}</Tag>
      </span>
      <span class="outbox-to">{to}</span>
      <strong class="outbox-subject">{subject ?? text}</strong>
      <Time at={created_at} />
    </a>
  )
}

function Message({ id }: { id: string }) {
  const resource = useResource(`api/outbox/${encodeURIComponent(id)}`)
  const message = resource.data.value
  return (
    <Panel title={message?.subject ?? message?.text.slice(0, 60) ?? 'Message'}>
      {resource.error.value ? (
        <Trouble problem={resource.error.value} retry={resource.reload} />
      ) : null}
      {message ? (
        <>
          <Facts
            rows={[
              ['To', message.to],
              ['Channel', message.channel],
              ['Kept', <Time key="t" at={message.created_at} />],
              [
                'Message',
                message.notification_id ? (
                  <a key="n" href={href(['live', message.notification_id])}>
                    its whole way
                  </a>
                ) : (
                  'sent to the address directly'
                ),
              ],
            ]}
          />
          <Preview channel={message.channel} message={message} />
          <Release message={message} />
          <Raw label="Everything that was kept" value={message} />
        </>
      ) : null}
    </Panel>
  )
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) return <Empty title="Nothing fits the search" />
  return (
    <Empty
      title="The outbox is empty"
      command={`mosquitto_pub -t notifications/email/send -m '{"to":"ada@example.com","subject":"Hello","body":"It works."}'`}
    >
      Without SMTP_URL, mails are rendered to the last header and kept here. Send one:
    </Empty>
  )
}
