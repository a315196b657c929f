import { useSignal } from '@preact/signals'
import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { may } from '../core/session.ts'
import { messageOf, reasonInWords } from '../core/words.ts'
import { Button, Command, Tag } from '../parts/basics.tsx'
import { Field } from '../parts/layout.tsx'

/** A form made from the schema of the payload: tried without effect, or published. */
export function Publish({ pattern, schema }: { pattern: string; schema: Json | null }) {
  const names = [...pattern.matchAll(/\{(\w+)/g)].map(([, name]) => String(name))
  const values = useSignal<Readonly<Record<string, string>>>({})
  const verdicts = useSignal<readonly Json[] | null>(null)
  const set = (name: string, value: string) => {
    values.value = { ...values.value, [name]: value }
  }
  const topic = pattern.replace(
    /\{(\w+)[^}]*\}/g,
    (_, name) => values.value[`/${name}`] || `{${name}}`,
  )
  const fields = fieldsOf(schema)
  const payload = payloadOf(fields, values.value)
  const tryOut = async () => {
    try {
      verdicts.value = (await api.post('api/routes/test', { topic, payload })).steps
    } catch (error) {
      verdicts.value = [{ step: 'request', outcome: 'refuse', reason: messageOf(error) }]
    }
  }
  const publish = () =>
    act(() => api.post('api/routes/publish', { topic, payload }), `Published on ${topic}.`)
  return (
    <section class="card" aria-label="Publish">
      <h3>Publish</h3>
      <form class="form" onSubmit={(event) => event.preventDefault()}>
        {names.map((name) => (
          <Input
            key={name}
            field={{ name: `/${name}`, label: `{${name}}`, required: true }}
            set={set}
          />
        ))}
        {fields.map((field) => (
          <Input key={field.name} field={field} set={set} />
        ))}
      </form>
      <div class="acts">
        <Button onClick={tryOut}>Dry run</Button>
        {may('publish') ? (
          <Button kind="main" onClick={publish}>
            Publish
          </Button>
        ) : null}
      </div>
      {verdicts.value ? <Verdicts steps={verdicts.value} /> : null}
      <Command
        text={`mosquitto_pub -q 1 -t ${topic} -m '${JSON.stringify(payload).replaceAll("'", `'\\''`)}'`}
        label="Copy as mosquitto_pub"
      />
    </section>
  )
}

interface FormField {
  readonly name: string
  readonly label: string
  readonly required: boolean
  readonly choices?: readonly string[]
  readonly kind?: 'text' | 'number' | 'boolean' | 'json'
}

/** What most people set comes first; the rest is one field of JSON. */
const MOST_FIELDS = 6

function fieldsOf(schema: Json | null): readonly FormField[] {
  const required: readonly string[] = schema?.required ?? []
  const all = Object.entries((schema?.properties ?? {}) as Record<string, Json>).map(
    ([name, property]) => fieldOf(name, property, required.includes(name)),
  )
  const ordered = all.toSorted((a, b) => Number(b.required) - Number(a.required))
  const rest: FormField = {
    name: '*',
    label: 'Anything else, as JSON',
    required: false,
    kind: 'json',
  }
  return [...ordered.slice(0, MOST_FIELDS), rest]
}

function fieldOf(name: string, property: Json, required: boolean): FormField {
  const common = { name, label: name, required }
  if (Array.isArray(property.enum)) return { ...common, choices: property.enum }
  if (property.type === 'boolean') return { ...common, kind: 'boolean' }
  if (property.type === 'number' || property.type === 'integer')
    return { ...common, kind: 'number' }
  return { ...common, kind: property.type === 'string' ? 'text' : 'json' }
}

function Input(props: { field: FormField; set: (name: string, value: string) => void }) {
  const { field, set } = props
  const label = field.required ? `${field.label} (required)` : field.label
  const choices = field.kind === 'boolean' ? ['true', 'false'] : field.choices
  return (
    <Field label={label}>
      {(id) =>
        choices ? (
          <select id={id} onChange={({ currentTarget }) => set(field.name, currentTarget.value)}>
            <option value="">–</option>
            {choices.map((each) => (
              <option key={each}>{each}</option>
            ))}
          </select>
        ) : (
          <input
            id={id}
            spellcheck={false}
            onInput={({ currentTarget }) => set(field.name, currentTarget.value)}
          />
        )
      }
    </Field>
  )
}

function payloadOf(fields: readonly FormField[], values: Readonly<Record<string, string>>): Json {
  const payload: Record<string, unknown> = {}
  for (const { name, kind } of fields) {
    const text = values[name] ?? ''
    if (text === '') continue
    const value = kind === 'text' || kind === undefined ? text : parsed(text)
    if (name === '*') Object.assign(payload, typeof value === 'object' ? value : {})
    else payload[name] = value
  }
  return payload
}

/** JSON where it is JSON; while it is being typed, text. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const TONES: Readonly<Record<string, 'good' | 'bad' | 'quiet'>> = { pass: 'good', refuse: 'bad' }

function Verdicts({ steps }: { steps: readonly Json[] }) {
  return (
    <ul class="lines" aria-live="polite">
      {steps.map(({ step, outcome, code, reason }) => (
        <li key={step}>
          <Tag tone={TONES[outcome] ?? 'quiet'}>{outcome}</Tag> <strong>{step}</strong>{' '}
          <span class="hint">
            {[code, reason && reasonInWords(reason)].filter(Boolean).join(': ')}
          </span>
        </li>
      ))}
    </ul>
  )
}
