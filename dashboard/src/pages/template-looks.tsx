import { type Signal, useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { messageOf } from '../core/words.ts'
import { Tag } from '../parts/basics.tsx'
import { Field, Wide } from '../parts/layout.tsx'
import { Preview } from '../parts/previews.tsx'

const CALM_MS = 300

/** JSON as it is typed; `null`: it is none yet. */
export function parsed(text: string): Json | null {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** What the saved version says on every channel, with sample values. */
export function Looks({ record, path }: { record: Json; path: string }) {
  const sample = Object.fromEntries(record.permitted_params.map((each: string) => [each, each]))
  const params = useSignal(JSON.stringify(sample, null, 2))
  const locale = useSignal(record.default_locale as string)
  const answer = useSignal<Json | null>(null)
  const trouble = useSignal<string | null>(null)
  const variant = useSignal('')
  const [values, language, wording] = [params.value, locale.value, variant.value]
  useEffect(() => {
    const timer = setTimeout(async () => {
      const given = parsed(values)
      if (given === null) {
        trouble.value = 'The values are not JSON yet.'
        return
      }
      try {
        const body = {
          params: given,
          locale: language,
          version: record.version,
          variant: wording || null,
        }
        answer.value = await api.post(`${path}/preview`, body)
        trouble.value = null
      } catch (error) {
        trouble.value = messageOf(error)
      }
    }, CALM_MS)
    return () => clearTimeout(timer)
  }, [values, language, wording, path, record.version, answer, trouble])
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
      {record.variants && Object.keys(record.variants).length > 0 ? (
        <Variants variants={record.variants} chosen={variant} />
      ) : null}
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

const COMPARED = ['sent', 'seen', 'read', 'clicked', 'failed']

/** The wordings that are compared: who gets which, what came of each, and a look at one. */
function Variants({ variants, chosen }: { variants: Json; chosen: Signal<string> }) {
  const stats = useResource('api/stats')
  const counted = stats.data.value?.notifications?.by_variant ?? {}
  const all = Object.entries(variants as Record<string, Json>)
  const sum = all.reduce((total, [, { weight }]) => total + weight, 0)
  return (
    <section class="card" aria-label="Variants">
      <h2>Variants</h2>
      <Wide label="Variants and what came of them">
        <table class="table">
          <caption class="hint">
            Each person always gets the same one. The last thirty days.
          </caption>
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col" class="number">
                share
              </th>
              {COMPARED.map((metric) => (
                <th key={metric} scope="col" class="number">
                  {metric}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {all.map(([name, { weight }]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td class="number">{sum === 0 ? 0 : Math.round((weight / sum) * 100)} %</td>
                {COMPARED.map((metric) => (
                  <td key={metric} class="number">
                    {(counted[name]?.[metric] ?? 0).toLocaleString('en')}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <Field label="Shown below">
        {(id) => (
          <select
            id={id}
            value={chosen.value}
            onChange={({ currentTarget }) => {
              chosen.value = currentTarget.value
            }}
          >
            <option value="">the template’s own words</option>
            {all.map(([name]) => (
              <option key={name} value={name}>
                variant {name}
              </option>
            ))}
          </select>
        )}
      </Field>
    </section>
  )
}
