import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { go, href, place, setQuery } from '../core/route.ts'
import { messageOf } from '../core/words.ts'
import { Button, Tag, Trouble } from '../parts/basics.tsx'
import { Field, Page } from '../parts/layout.tsx'
import { Preview } from '../parts/previews.tsx'

const NEW = {
  name: 'order.shipped',
  title_template: 'Order {{ order_id }} is on its way',
  message_template: 'Hello {{ name }}, {{ carrier }} brings it.',
  permitted_params: ['order_id', 'name', 'carrier'],
}
const CALM_MS = 300

/** One template: its words as JSON beside what they look like; saving makes a new version. */
export function TemplateEditor({ name, onChange }: { name: string; onChange: () => unknown }) {
  const isNew = name === '+'
  const version = place.value.query.get('version')
  const path = `api/templates/${encodeURIComponent(name)}`
  const resource = useResource(isNew ? null : `${path}${version ? `?version=${version}` : ''}`)
  const record = isNew ? NEW : resource.data.value
  return (
    <Page
      title={isNew ? 'New template' : name}
      lead={record?.version ? <Versions version={record.version} path={path} /> : null}
      actions={<Button onClick={() => go(href(['templates']))}>All templates</Button>}
    >
      {resource.error.value ? (
        <Trouble problem={resource.error.value} retry={resource.reload} />
      ) : null}
      {record ? (
        <Editor
          key={`${name} ${record.version}`}
          record={record}
          path={path}
          isNew={isNew}
          onChange={() => Promise.all([resource.reload(), onChange()])}
        />
      ) : null}
    </Page>
  )
}

function Versions({ version, path }: { version: number; path: string }) {
  const newest = useResource(path)
  const last: number = newest.data.value?.version ?? version
  return (
    <label>
      Version{' '}
      <select
        value={String(version)}
        onChange={({ currentTarget }) => {
          const chosen = currentTarget.value
          setQuery({ version: chosen === String(last) ? null : chosen })
        }}
      >
        {Array.from({ length: last }, (_, index) => last - index).map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </label>
  )
}

interface EditorProps {
  readonly record: Json
  readonly path: string
  readonly isNew: boolean
  readonly onChange: () => unknown
}

const EDITED = ['name', 'event_type', 'display_name', 'notification_type', 'is_active', 'critical']

/** The part of a record that somebody writes. */
function sourceOf(record: Json, isNew: boolean): string {
  if (isNew) return JSON.stringify(record, null, 2)
  const { permitted_params, default_locale, locales } = record
  const named = Object.fromEntries(EDITED.map((field) => [field, record[field]]))
  return JSON.stringify({ ...named, permitted_params, default_locale, locales }, null, 2)
}

function Editor({ record, path, isNew, onChange }: EditorProps) {
  const source = useSignal(sourceOf(record, isNew))
  const trouble = useSignal<string | null>(null)
  const save = async () => {
    const body = parsed(source.value)
    if (body === null) {
      trouble.value = 'This is not JSON yet.'
      return
    }
    trouble.value = null
    try {
      const saved = await (isNew ? api.post('api/templates', body) : api.put(path, body))
      await act(async () => undefined, `Version ${saved.version} holds from now on.`)
      await onChange()
      go(href(['templates', saved.name]))
    } catch (error) {
      trouble.value = messageOf(error)
    }
  }
  const remove = async () => {
    if (!(await act(() => api.delete(path), 'The template is gone.'))) return
    go(href(['templates']))
    await onChange()
  }
  return (
    <div class="editor">
      <div class="form">
        <Field label="The template" hint="Values stand in {{ braces }}; each must be permitted.">
          {(id) => (
            <textarea
              id={id}
              class="code"
              rows={22}
              spellcheck={false}
              value={source.value}
              onInput={({ currentTarget }) => {
                source.value = currentTarget.value
              }}
            />
          )}
        </Field>
        {trouble.value === null ? null : (
          <p class="form-trouble" role="alert">
            {trouble.value}
          </p>
        )}
        <div class="acts">
          <Button kind="main" icon="check" onClick={save}>
            {isNew ? 'Make it' : 'Save as a new version'}
          </Button>
          {isNew ? null : (
            <Button kind="danger" onClick={remove}>
              Delete
            </Button>
          )}
        </div>
      </div>
      {isNew ? (
        <p class="hint">Once it is there, this side shows it on every channel.</p>
      ) : (
        <Looks record={record} path={path} />
      )}
    </div>
  )
}

function parsed(text: string): Json | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** What the saved version says on every channel, with sample values. */
function Looks({ record, path }: { record: Json; path: string }) {
  const sample = Object.fromEntries(record.permitted_params.map((each: string) => [each, each]))
  const params = useSignal(JSON.stringify(sample, null, 2))
  const locale = useSignal(record.default_locale as string)
  const answer = useSignal<Json | null>(null)
  const trouble = useSignal<string | null>(null)
  const [values, language] = [params.value, locale.value]
  useEffect(() => {
    const timer = setTimeout(async () => {
      const given = parsed(values)
      if (given === null) {
        trouble.value = 'The values are not JSON yet.'
        return
      }
      try {
        const body = { params: given, locale: language, version: record.version }
        answer.value = await api.post(`${path}/preview`, body)
        trouble.value = null
      } catch (error) {
        trouble.value = messageOf(error)
      }
    }, CALM_MS)
    return () => clearTimeout(timer)
  }, [values, language, path, record.version, answer, trouble])
  return (
    <div class="previews">
      <Field label="Sample values">
        {(id) => (
          <textarea
            id={id}
            class="code"
            rows={4}
            spellcheck={false}
            value={params.value}
            onInput={({ currentTarget }) => {
              params.value = currentTarget.value
            }}
          />
        )}
      </Field>
      <Field label="Language">
        {(id) => (
          <select
            id={id}
            value={locale.value}
            onChange={({ currentTarget }) => {
              locale.value = currentTarget.value
            }}
          >
            {Object.keys(record.locales).map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        )}
      </Field>
      {trouble.value ? <p class="form-trouble">{trouble.value}</p> : null}
      {answer.value ? <Channels channels={answer.value.channels} /> : null}
    </div>
  )
}

const SHOWN = ['database', 'email', 'sms', 'push', 'slack', 'discord', 'voice']

function Channels({ channels }: { channels: Json }) {
  return (
    <>
      {SHOWN.filter((name) => channels[name]).map((name) => {
        const { title = null, message = '', html = null, error, ...content } = channels[name]
        const rendering = { to: '', subject: title, text: message, html, content }
        return (
          <section key={name} class="preview" aria-label={name}>
            <h2>{name === 'database' ? 'in the app' : name}</h2>
            {error ? (
              <Tag tone="bad">{error}</Tag>
            ) : (
              <Preview channel={name === 'database' ? 'push' : name} message={rendering} />
            )}
          </section>
        )
      })}
    </>
  )
}
