import type { ComponentChildren } from 'preact'
import { ACTION_NEEDS, type Draft, MOST_ACTIONS, type WrittenAction } from '../core/draft.ts'
import { type DraftField, GROUPS, SPOKEN, wordsOf } from '../core/draft-fields.ts'
import { setQuery } from '../core/route.ts'
import { counted } from '../core/words.ts'
import { Button } from '../parts/basics.tsx'
import { Field } from '../parts/layout.tsx'

/** What a message may ask for besides being sent; what is set is counted where it is folded away. */
export function More({ draft }: { draft: Draft }) {
  const spoken =
    draft.channels.length === 0 ? SPOKEN : SPOKEN.filter((each) => isNamed(draft, each))
  return (
    <div class="folds">
      <Fold name="Own words for a channel" set={setIn(draft, SPOKEN.flatMap(wordsOf))}>
        <p class="hint">What is left empty is said as everywhere.</p>
        {spoken.map((channel) => (
          <fieldset key={channel} class="form form-row">
            <legend class="label">{channel}</legend>
            {wordsOf(channel).map((field) => (
              <Input key={field.path} draft={draft} field={field} within={channel} isLong />
            ))}
          </fieldset>
        ))}
      </Fold>
      <Actions draft={draft} />
      {GROUPS.map(({ name, about, fields }) => (
        <Fold key={name} name={name} set={setIn(draft, fields)}>
          <p class="hint">{about}</p>
          <div class="form form-row">
            {fields.map((field) => (
              <Input key={field.path} draft={draft} field={field} />
            ))}
          </div>
        </Fold>
      ))}
    </div>
  )
}

function isNamed({ channels, extras }: Draft, channel: string): boolean {
  return channels.includes(channel) || wordsOf(channel).some(({ path }) => path in extras)
}

function setIn({ extras }: Draft, fields: readonly DraftField[]): number {
  return fields.filter(({ path }) => path in extras).length
}

interface FoldProps {
  readonly name: string
  /** How many of its fields say something. */
  readonly set: number
  readonly children: ComponentChildren
}

function Fold({ name, set, children }: FoldProps) {
  return (
    <details class="fold">
      <summary>
        {name}
        {set === 0 ? null : <span class="fold-set">{counted(set, 'field')} set</span>}
      </summary>
      <div class="form">{children}</div>
    </details>
  )
}

interface InputProps {
  readonly draft: Draft
  readonly field: DraftField
  /** Of which several have a field of that name. */
  readonly within?: string
  readonly isLong?: boolean
}

function Input({ draft, field, within, isLong = false }: InputProps) {
  const { path, label, hint, kind, choices } = field
  const value = draft.extras[path] ?? ''
  const set = (text: string) => setQuery({ [path]: text })
  const name = within === undefined ? {} : { 'aria-label': `${label}, ${within}` }
  const onInput = ({ currentTarget }: { currentTarget: { value: string } }) =>
    set(currentTarget.value)
  const options = kind === 'flag' ? ['true'] : choices
  return (
    <Field label={label} {...(hint ? { hint } : {})}>
      {(id) => {
        if (options) return <Select id={id} value={value} options={options} set={set} />
        if (kind === 'json' || (isLong && label !== 'Title')) {
          return <textarea id={id} {...name} rows={2} value={value} onInput={onInput} />
        }
        if (kind === 'moment') {
          return <input id={id} type="datetime-local" value={value} onInput={onInput} />
        }
        return <input id={id} {...name} value={value} onInput={onInput} />
      }}
    </Field>
  )
}

interface SelectProps {
  readonly id: string
  readonly value: string
  readonly options: readonly string[]
  readonly set: (value: string) => void
}

function Select({ id, value, options, set }: SelectProps) {
  return (
    <select id={id} value={value} onChange={({ currentTarget }) => set(currentTarget.value)}>
      <option value="">–</option>
      {options.map((each) => (
        <option key={each} value={each}>
          {each === 'true' ? 'yes' : each}
        </option>
      ))}
    </select>
  )
}

function Actions({ draft: { actions } }: { draft: Draft }) {
  const keep = (next: readonly WrittenAction[]) =>
    setQuery({ actions: next.length === 0 ? null : JSON.stringify(next) })
  const change = (index: number, changed: WrittenAction) =>
    keep(actions.map((action, at) => (at === index ? changed : action)))
  return (
    <Fold name="Actions" set={actions.length}>
      <p class="hint">Up to three things that people can do about it, from wherever they see it.</p>
      {actions.map((action, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an action is known by its place.
        <fieldset key={index} class="form form-row">
          <legend class="label">Action {index + 1}</legend>
          <Action action={action} change={(changed) => change(index, changed)} />
          <Button kind="quiet" onClick={() => keep(actions.filter((_, at) => at !== index))}>
            Remove
          </Button>
        </fieldset>
      ))}
      {actions.length >= MOST_ACTIONS ? null : (
        <div class="acts">
          <Button onClick={() => keep([...actions, { type: 'view', label: '' }])}>
            Add an action
          </Button>
        </div>
      )}
    </Fold>
  )
}

interface ActionProps {
  readonly action: WrittenAction
  readonly change: (changed: WrittenAction) => void
}

function Action({ action, change }: ActionProps) {
  const needed = ACTION_NEEDS[action.type] ?? null
  return (
    <>
      <Field label="Does">
        {(id) => (
          <select
            id={id}
            value={action.type}
            onChange={({ currentTarget }) =>
              change({ type: currentTarget.value, label: action.label })
            }
          >
            {Object.keys(ACTION_NEEDS).map((type) => (
              <option key={type}>{type}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Label">
        {(id) => (
          <input
            id={id}
            maxLength={80}
            value={action.label}
            onInput={({ currentTarget }) => change({ ...action, label: currentTarget.value })}
          />
        )}
      </Field>
      {needed === null ? null : (
        <Field label={needed.label}>
          {(id) => (
            <input
              id={id}
              spellcheck={false}
              value={action[needed.name] ?? ''}
              onInput={({ currentTarget }) =>
                change({ ...action, [needed.name]: currentTarget.value })
              }
            />
          )}
        </Field>
      )}
    </>
  )
}
