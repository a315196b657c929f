import { useState } from 'preact/hooks'
import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { usePages } from '../core/paging.ts'
import { go, href, hrefWithin, place } from '../core/route.ts'
import { isNarrow } from '../core/screen.ts'
import { counted } from '../core/words.ts'
import { Button, Empty, Export, Tag, Trouble } from '../parts/basics.tsx'
import { Dialog, Field, Page, Search } from '../parts/layout.tsx'
import { List } from '../parts/list.tsx'
import { Person } from './person.tsx'

/** Everybody who can be reached, how, and what they want. */
export function View() {
  const people = usePages('api/users?limit=100', { everyMs: 30_000 })
  const [isAdding, setAdding] = useState(false)
  const { rest, query } = place.value
  const words = (query.get('q') ?? '').trim()
  const shown = people.items.value.filter((user) =>
    [user.id, user.email, user.phone, ...user.roles, ...user.groups]
      .join(' ')
      .toLowerCase()
      .includes(words.toLowerCase()),
  )
  return (
    <Page
      title="People"
      lead="In the directory from the first time somebody is named."
      actions={
        <>
          <Button kind="main" onClick={() => setAdding(true)}>
            Add
          </Button>
          <Export name="people" rows={() => shown} />
        </>
      }
      panel={rest[0] ? <Person key={rest[0]} id={rest[0]} onChange={people.reload} /> : null}
    >
      <div class="filters">
        <Search label="Search id, address, role, group" />
      </div>
      {people.error.value ? <Trouble problem={people.error.value} retry={people.reload} /> : null}
      <List
        label="People"
        items={shown}
        keyOf={({ id }) => id}
        rowHeight={isNarrow.value ? 72 : 52}
        row={(user) => <Row user={user} />}
        onEnd={people.more}
        empty={people.isLoaded.value ? <Nobody asked={words} /> : null}
      />
      {isAdding ? <Adding onClose={() => setAdding(false)} onChange={people.reload} /> : null}
    </Page>
  )
}

function Row({ user }: { user: Json }) {
  const { id, email, phone, roles, groups, devices } = user
  return (
    <a
      class="row line-row"
      href={hrefWithin([id])}
      data-row
      {...(place.value.rest[0] === id ? { 'aria-current': 'true' as const } : {})}
    >
      <strong>{id}</strong>
      <span class="line-about">
        {[email, phone].filter(Boolean).join(' · ') || 'no address yet'}
      </span>
      <span class="live-how">
        {devices.length > 0 ? <Tag tone="quiet">{counted(devices.length, 'device')}</Tag> : null}
        {[...roles, ...groups].slice(0, 3).map((each: string) => (
          <Tag key={each}>{each}</Tag>
        ))}
      </span>
    </a>
  )
}

function Adding({ onClose, onChange }: { onClose: () => void; onChange: () => unknown }) {
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const values = new FormData(event.currentTarget as HTMLFormElement)
    const id = String(values.get('id')).trim()
    const body = { email: values.get('email') || null, phone: values.get('phone') || null }
    if (!(await act(() => api.put(`api/users/${encodeURIComponent(id)}`, body), 'Added.'))) return
    onClose()
    go(href(['people', id]))
    await onChange()
  }
  return (
    <Dialog title="Add somebody" onClose={onClose}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <Field label="Id" hint="As your other systems know them">
          {(id) => <input id={id} name="id" required pattern="[A-Za-z0-9_\-=@.:\|~]{1,128}" />}
        </Field>
        <Field label="E-mail address">{(id) => <input id={id} name="email" type="email" />}</Field>
        <Field label="Telephone">{(id) => <input id={id} name="phone" type="tel" />}</Field>
        <button type="submit" class="button button-main">
          Add
        </button>
      </form>
    </Dialog>
  )
}

function Nobody({ asked }: { asked: string }) {
  if (asked !== '') {
    return (
      <Empty title="Nobody on the pages that were loaded fits">
        <a href={href(['people', asked])}>Look {asked} up by id</a>
      </Empty>
    )
  }
  return (
    <Empty
      title="Nobody yet"
      command={`mosquitto_pub -t notifications/realtime/user/ada -m '{"message":"Hello, Ada"}'`}
    >
      Whoever is named in a message is here from then on. Name somebody:
    </Empty>
  )
}
