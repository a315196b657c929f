import { useSignal } from '@preact/signals'
import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { go, href, place, setQuery } from '../core/route.ts'
import { messageOf } from '../core/words.ts'
import { Button, Trouble } from '../parts/basics.tsx'
import { Field, Page } from '../parts/layout.tsx'
import { Looks, parsed } from './template-looks.tsx'

const NEW = {
  name: 'order.shipped',
  title_template: 'Order {{ order_id }} is on its way',
  message_template: 'Hello {{ name }}, {{ carrier }} brings it.',
  permitted_params: ['order_id', 'name', 'carrier'],
}

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
  const last: number = Math.max(newest.data.value?.version ?? 0, version)
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

/** What the service says of a template itself. */
const OURS = new Set([
  ...['id', 'version', 'created_at', 'updated_at', 'title_template', 'message_template'],
])

/** In the order in which people read it; options follow. */
const ORDER = [
  ...['name', 'display_name', 'event_type', 'notification_type', 'category', 'critical'],
  ...['is_active', 'permitted_params', 'default_locale', 'locales', 'variants'],
]

/** The part of a record that somebody writes. */
function sourceOf(record: Json, isNew: boolean): string {
  const names = [...new Set([...ORDER, ...Object.keys(record)])]
  const shown = names.filter((name) => name in record && (isNew || !OURS.has(name)))
  const fields = shown.map((name) => [name, record[name]])
  return JSON.stringify(Object.fromEntries(fields), null, 2)
}

/** With one more wording to fill in; as many get it as each of the others. */
function withVariant(source: Json): Json {
  const { default_locale: locale = 'en', locales = {}, variants = {} } = source
  const words = { default: locales[locale]?.default ?? { title: '', message: '' } }
  const before = Object.keys(variants).length === 0 ? { a: { weight: 1, locales: {} } } : variants
  const name = [...'abcdefghij'].find((each) => !(each in before)) ?? 'j'
  const added = { [name]: { weight: 1, locales: { [locale]: words } } }
  return { ...source, variants: { ...before, ...added } }
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
  const addVariant = () => {
    const body = parsed(source.value)
    if (body === null) trouble.value = 'This is not JSON yet.'
    else source.value = JSON.stringify(withVariant(body), null, 2)
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
          <Button onClick={addVariant}>Add a variant</Button>
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
