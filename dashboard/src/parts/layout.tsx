import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { go, hrefWithin, place, setQuery } from '../core/route.ts'
import { Button } from './basics.tsx'
import { Icon } from './icon.tsx'

interface PageProps {
  readonly title: string
  readonly lead?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
  /** What is looked at more closely, beside the list. */
  readonly panel?: ComponentChildren
}

/** Heading, acts, content, and beside it what is looked at more closely. */
export function Page({ title, lead, actions, children, panel }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Belfry`
  }, [title])
  return (
    <div class={panel ? 'page has-panel' : 'page'}>
      <main class="content" id="content" tabIndex={-1}>
        <header class="page-head">
          <div>
            <h1>{title}</h1>
            {lead ? <p class="lead">{lead}</p> : null}
          </div>
          {actions ? <div class="actions">{actions}</div> : null}
        </header>
        {children}
      </main>
      {panel}
    </div>
  )
}

/** What is looked at more closely; Escape and the cross lead back to the list. */
export function Panel(props: { title: ComponentChildren; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null)
  const id = useId()
  const which = place.value.rest.join('/')
  // biome-ignore lint/correctness/useExhaustiveDependencies: another thing is shown.
  useEffect(() => heading.current?.focus(), [which])
  return (
    <aside class="panel" aria-labelledby={id}>
      <div class="panel-head">
        <h2 ref={heading} id={id} tabIndex={-1}>
          {props.title}
        </h2>
        <Button
          kind="quiet"
          icon="close"
          label="Close"
          keys="Escape"
          onClick={() => go(hrefWithin([]))}
        />
      </div>
      <div class="panel-body">{props.children}</div>
    </aside>
  )
}

/** A filter that is part of the address. */
export function Search({ name = 'q', label }: { name?: string; label: string }) {
  const value = place.value.query.get(name) ?? ''
  return (
    <label class="search">
      <Icon name="search" size={18} />
      <span class="hidden">{label}</span>
      <input
        type="search"
        data-search
        placeholder={label}
        value={value}
        onInput={({ currentTarget }) => setQuery({ [name]: currentTarget.value })}
      />
    </label>
  )
}

interface ChoiceProps {
  readonly name: string
  readonly label: string
  readonly options: readonly (readonly [string, string])[]
}

/** One of a few, as part of the address; the first one is the usual. */
export function Choice({ name, label, options }: ChoiceProps) {
  const value = place.value.query.get(name) ?? options[0]?.[0]
  return (
    <fieldset class="choice">
      <legend class="hidden">{label}</legend>
      {options.map(([word, text]) => (
        <label key={word} class={word === value ? 'chosen' : ''}>
          <input
            type="radio"
            name={name}
            checked={word === value}
            onChange={() => setQuery({ [name]: word === options[0]?.[0] ? null : word })}
          />
          {text}
        </label>
      ))}
    </fieldset>
  )
}

interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** Something that must be answered first; the browser keeps the focus inside. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby={id} onClose={onClose}>
      <div class="panel-head">
        <h2 id={id}>{title}</h2>
        <Button kind="quiet" icon="close" label="Close" onClick={() => dialog.current?.close()} />
      </div>
      {children}
    </dialog>
  )
}

interface FieldProps {
  readonly label: string
  readonly hint?: string
  readonly children: (id: string) => ComponentChildren
}

/** A label with what it is for. */
export function Field({ label, hint, children }: FieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id)}
      {hint ? <p class="hint">{hint}</p> : null}
    </div>
  )
}

/** What may be wider than the page, a table say, is pushed aside by itself; keys reach it too. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: whoever has no mouse scrolls it by keys.
    <section class="wide" tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
