import { useSignal } from '@preact/signals'
import { act, say } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { messageOf } from '../core/words.ts'
import { Button, Command, Empty, Tag, Time, Trouble } from '../parts/basics.tsx'
import { Field, Page } from '../parts/layout.tsx'
import { SystemTabs } from './system-tabs.tsx'

const SCOPES = ['read', 'publish', 'operate', 'admin']

/** API keys: made here, shown once, revoked here. */
export function Keys() {
  const keys = useResource('api/keys')
  const all: readonly Json[] = keys.data.value?.data ?? []
  return (
    <Page title="Keys" lead="A secret is shown once, when it is made." actions={<SystemTabs />}>
      <div class="scroll">
        <NewKey onChange={keys.reload} />
        {keys.error.value ? <Trouble problem={keys.error.value} retry={keys.reload} /> : null}
        {keys.data.value && all.length === 0 ? (
          <Empty title="No keys" command="belfry keys create --name ci --scope publish" />
        ) : null}
        <ul class="cards">
          {all.map((key) => (
            <li key={key.id} class="card" data-item>
              <Key value={key} onChange={keys.reload} />
            </li>
          ))}
        </ul>
      </div>
    </Page>
  )
}

function Key({ value, onChange }: { value: Json; onChange: () => unknown }) {
  const { id, name, kind, scopes, topics, created_at, ends_with } = value
  const revoke = async () => {
    await act(() => api.delete(`api/keys/${encodeURIComponent(id)}`), `${name} is revoked.`)
    await onChange()
  }
  return (
    <>
      <div class="queue-head">
        <h2>{name}</h2>
        <Button kind="danger" label={`Revoke ${name}`} onClick={revoke}>
          Revoke
        </Button>
      </div>
      <p class="queue-facts">
        <Tag>{kind}</Tag>
        {scopes.map((scope: string) => (
          <Tag key={scope} tone={scope === 'admin' ? 'warn' : 'quiet'}>
            {scope}
          </Tag>
        ))}
        <span>…{ends_with}</span>
        <span>
          made <Time at={created_at} />
        </span>
        {topics ? <span>on {topics.join(', ')}</span> : null}
      </p>
    </>
  )
}

function NewKey({ onChange }: { onChange: () => unknown }) {
  const made = useSignal<string | null>(null)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    const values = new FormData(form)
    try {
      const body = { name: values.get('name'), scopes: values.getAll('scopes') }
      const answer = await api.post('api/keys', body)
      made.value = String(answer.secret ?? answer.key ?? answer.password)
      form.reset()
      await onChange()
    } catch (error) {
      say(messageOf(error), 'bad')
    }
  }
  return (
    <details class="card" open={made.value !== null}>
      <summary>New key</summary>
      {made.value === null ? null : (
        <div class="verdict">
          <p>Copy it now: it is not shown again.</p>
          <Command text={made.value} label="Copy the key" />
        </div>
      )}
      <form class="form" onSubmit={(event) => void submit(event)}>
        <Field label="Name">{(id) => <input id={id} name="name" required maxLength={100} />}</Field>
        <fieldset class="field">
          <legend class="label">May</legend>
          <div class="checks">
            {SCOPES.map((scope) => (
              <label key={scope}>
                <input
                  type="checkbox"
                  name="scopes"
                  value={scope}
                  defaultChecked={scope === 'read'}
                />
                {scope}
              </label>
            ))}
          </div>
        </fieldset>
        <button type="submit" class="button button-main">
          Make it
        </button>
      </form>
    </details>
  )
}
