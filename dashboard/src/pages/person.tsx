import { useState } from 'preact/hooks'
import { act, download } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { type Resource, useResource } from '../core/resource.ts'
import { go, href } from '../core/route.ts'
import { Button, Tag, Time, Trouble, toneOf } from '../parts/basics.tsx'
import { Dialog, Field, Panel } from '../parts/layout.tsx'
import { Devices, Preferences, QuietHours } from './person-wishes.tsx'

/** One person: profile, devices, what they want and when, and what is kept of them. */
export function Person({ id, onChange }: { id: string; onChange: () => unknown }) {
  const path = `api/users/${encodeURIComponent(id)}`
  const profile = useResource(path)
  const user = profile.data.value
  const changed = () => Promise.all([profile.reload(), onChange()])
  return (
    <Panel title={id}>
      {profile.error.value ? (
        <Trouble problem={profile.error.value} retry={profile.reload} />
      ) : null}
      <div class="acts">
        <Button icon="compose" onClick={() => go(href(['compose'], { to: `user:${id}` }))}>
          Write
        </Button>
        <Button onClick={() => saveData(id, path)}>Export</Button>
        <Erase id={id} path={path} onChange={onChange} />
      </div>
      {user ? (
        <Profile key={JSON.stringify(user)} user={user} path={path} onChange={changed} />
      ) : null}
      <Preferences path={path} />
      <QuietHours path={path} />
      {user ? <Devices user={user} path={path} onChange={changed} /> : null}
      <Recent id={id} />
    </Panel>
  )
}

async function saveData(id: string, path: string): Promise<void> {
  await act(async () => {
    download(`user-${id}`, await api.get(`${path}/data`), 'json')
  }, 'Everything that is kept of them is in the file.')
}

const FIELDS = [
  ['email', 'E-mail', 'email'],
  ['phone', 'Telephone', 'tel'],
  ['locale', 'Language', 'text'],
  ['timezone', 'Time zone', 'text'],
  ['slack_webhook_url', 'Slack', 'url'],
  ['discord_webhook_url', 'Discord', 'url'],
  ['webhook_url', 'Webhook', 'url'],
] as const

function Profile(props: { user: Json; path: string; onChange: () => unknown }) {
  const { user, path, onChange } = props
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const values = new FormData(event.currentTarget as HTMLFormElement)
    const words = (name: string) =>
      String(values.get(name) ?? '')
        .split(/[,\s]+/)
        .filter(Boolean)
    const fields = FIELDS.map(([name]) => [name, values.get(name) || null])
    const body = { ...Object.fromEntries(fields), roles: words('roles'), groups: words('groups') }
    if (await act(() => api.put(path, body), 'Saved.')) await onChange()
  }
  return (
    <details class="card" open>
      <summary>Profile</summary>
      <form class="form form-row" onSubmit={(event) => void submit(event)}>
        {FIELDS.map(([name, label]) => (
          <Field key={name} label={label}>
            {(id) => <input id={id} name={name} defaultValue={user[name] ?? ''} />}
          </Field>
        ))}
        <Field label="Roles">
          {(id) => <input id={id} name="roles" defaultValue={user.roles.join(', ')} />}
        </Field>
        <Field label="Groups">
          {(id) => <input id={id} name="groups" defaultValue={user.groups.join(', ')} />}
        </Field>
        <button type="submit" class="button button-main">
          Save
        </button>
      </form>
    </details>
  )
}

/** Gone for good: it must be said twice. */
function Erase({ id, path, onChange }: { id: string; path: string; onChange: () => unknown }) {
  const [isAsking, setAsking] = useState(false)
  const erase = async () => {
    setAsking(false)
    if (!(await act(() => api.delete(`${path}/data`), `Nothing is kept of ${id} any more.`))) return
    go(href(['people']))
    await onChange()
  }
  return (
    <>
      <Button kind="danger" onClick={() => setAsking(true)}>
        Erase
      </Button>
      {isAsking ? (
        <Dialog title={`Erase ${id}?`} onClose={() => setAsking(false)}>
          <div class="form">
            <p>
              Profile, preferences, devices and every notification of {id} are deleted. This cannot
              be undone.
            </p>
            <Button kind="danger" onClick={erase}>
              Erase everything
            </Button>
          </div>
        </Dialog>
      ) : null}
    </>
  )
}

function Recent({ id }: { id: string }) {
  const inbox: Resource = useResource(
    `api/notifications?limit=8&user_id=${encodeURIComponent(id)}`,
    { on: ['notification', 'read'] },
  )
  const messages: readonly Json[] = inbox.data.value?.data ?? []
  return (
    <section aria-label="Latest messages">
      <h3>
        Latest messages{' '}
        <span class="hint">
          {inbox.data.value ? `${inbox.data.value.unread_count} unread` : ''}
        </span>
      </h3>
      <ul class="lines">
        {messages.map((message) => (
          <li key={message.id}>
            <a href={href(['live', message.id])}>{message.title}</a>{' '}
            <Tag tone={toneOf(message.read ? 'read' : 'queued')}>
              {message.read ? 'read' : 'unread'}
            </Tag>{' '}
            <span class="hint">
              <Time at={message.created_at} />
            </span>
          </li>
        ))}
      </ul>
      {inbox.data.value && messages.length === 0 ? <p class="hint">None yet.</p> : null}
    </section>
  )
}
