import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { dismiss, toasts } from './core/acts.ts'
import { isHelpOpen, KEYS } from './core/keyboard.ts'
import { me, token, userName } from './core/session.ts'
import { connection, stopStream } from './core/stream.ts'
import { nextTheme, theme } from './core/theme.ts'
import type { PageEntry } from './pages.ts'
import { Button } from './parts/basics.tsx'
import { Icon, Mark } from './parts/icon.tsx'
import { Dialog, Field } from './parts/layout.tsx'

interface Props {
  readonly pages: readonly PageEntry[]
  readonly here: string
  readonly children: ComponentChildren
}

/** What is around every page: navigation, who is looking, what the page has to say. */
export function Shell({ pages, here, children }: Props) {
  const isMoreOpen = useSignal(false)
  const close = () => {
    isMoreOpen.value = false
  }
  return (
    <div class="shell">
      <button type="button" class="skip" onClick={skip}>
        Skip to the content
      </button>
      <nav class={isMoreOpen.value ? 'nav is-open' : 'nav'} aria-label="Pages">
        <a class="brand" href="#/" aria-label="Belfry, first page">
          <Mark />
          <span>Belfry</span>
        </a>
        <ul>
          {pages.map((page) => (
            <li key={page.path} class={page.isFirst ? 'first' : 'later'}>
              <a
                href={`#/${page.path}`}
                onClick={close}
                {...(page.path === here ? { 'aria-current': 'page' as const } : {})}
              >
                <Icon name={page.icon} />
                <span>{page.name}</span>
              </a>
            </li>
          ))}
        </ul>
        <button
          type="button"
          class="more"
          aria-expanded={isMoreOpen.value}
          onClick={() => {
            isMoreOpen.value = !isMoreOpen.value
          }}
        >
          <Icon name="more" />
          <span>More</span>
        </button>
        <Who />
      </nav>
      {children}
      <output class="toasts" aria-live="polite">
        {toasts.value.map(({ id, text, kind }) => (
          <div key={id} class={`toast toast-${kind}`}>
            <span>{text}</span>
            <Button kind="quiet" icon="close" label="Dismiss" onClick={() => dismiss(id)} />
          </div>
        ))}
      </output>
      {isHelpOpen.value ? <Help /> : null}
    </div>
  )
}

/** No link: a fragment would change the page's address, which says what is shown. */
function skip(): void {
  document.querySelector<HTMLElement>('#content')?.focus()
}

const CONNECTION = {
  live: 'Live: what happens is seen as it happens',
  connecting: 'Connecting …',
  away: 'No connection; trying again',
} as const

function Who() {
  const isNaming = useSignal(false)
  const isOpen = me.value?.via === 'none'
  return (
    <div class="who">
      <p class={`connection is-${connection.value}`} role="status">
        <span class="lamp" />
        <span class="hidden">{CONNECTION[connection.value]}</span>
        <span class="who-name" title={CONNECTION[connection.value]}>
          {me.value?.id}
        </span>
      </p>
      <Button
        kind="quiet"
        icon="sun"
        keys="t"
        label={`Colours: ${theme.value}`}
        onClick={nextTheme}
      />
      {isOpen ? (
        <Button
          kind="quiet"
          icon="people"
          label="Act under another name"
          onClick={() => {
            isNaming.value = true
          }}
        />
      ) : (
        <Button kind="quiet" icon="key" label="Log out" onClick={logOut} />
      )}
      {isNaming.value ? (
        <Naming
          onClose={() => {
            isNaming.value = false
          }}
        />
      ) : null}
    </div>
  )
}

function logOut(): void {
  stopStream()
  token.value = null
}

function Naming({ onClose }: { onClose: () => void }) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    const name = new FormData(event.currentTarget as HTMLFormElement).get('name')
    userName.value = String(name).trim() || 'operator'
    onClose()
  }
  return (
    <Dialog title="Who are you?" onClose={onClose}>
      <form class="form" onSubmit={submit}>
        <p>
          Authentication is off: you are whoever you say. The name stands in the logs of alerts.
        </p>
        <Field label="Name">
          {(id) => (
            <input
              id={id}
              name="name"
              defaultValue={userName.value}
              pattern="[A-Za-z0-9_\-=@.:\|~]{1,128}"
              required
            />
          )}
        </Field>
        <button type="submit" class="button button-main">
          That is me
        </button>
      </form>
    </Dialog>
  )
}

function Help() {
  return (
    <Dialog
      title="Keys"
      onClose={() => {
        isHelpOpen.value = false
      }}
    >
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split('  ').map((each) => (
                <kbd key={each}>{each}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}
