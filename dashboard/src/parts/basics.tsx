import type { ComponentChildren } from 'preact'
import { copy, download } from '../core/acts.ts'
import type { Problem } from '../core/api.ts'
import { withBroker } from '../core/broker.ts'
import { ago, clockTime, inFull, momentOf } from '../core/time.ts'
import { Icon, type IconName } from './icon.tsx'

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'info' | 'quiet'

/** A short word about something, its tone never the only thing that says it. */
export function Tag({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`tag tag-${tone}`}>{children}</span>
}

const WORDS_OF_TONES: Readonly<Partial<Record<Tone, string>>> = {
  bad: 'critical failed refused dropped error triggered down outage',
  warn: 'warning high retry unreachable snoozed away degraded',
  good: 'sent delivered read resolved success processed connected resumed ok operational',
  info: 'info acknowledged held scheduled queued merged',
  quiet: 'skipped low canceled normal ended logged',
}
const TONES = new Map(
  Object.entries(WORDS_OF_TONES).flatMap(([tone, words]) =>
    words.split(' ').map((word) => [word, tone as Tone] as const),
  ),
)

/** Which tone a state, severity or priority has. */
export function toneOf(word: string): Tone {
  return TONES.get(word) ?? 'plain'
}

/** A moment: relative where it is read, in full where it is pointed at. */
export function Time({ at, form = 'ago' }: { at: unknown; form?: 'ago' | 'clock' }) {
  const moment = momentOf(at)
  if (moment === null) return <span>–</span>
  return (
    <time dateTime={new Date(moment).toISOString()} title={inFull(moment)}>
      {form === 'ago' ? ago(moment) : clockTime(moment)}
    </time>
  )
}

interface ButtonProps {
  readonly children?: ComponentChildren
  readonly onClick: () => unknown
  readonly icon?: IconName
  /** Its name where it shows nothing but the icon. */
  readonly label?: string
  readonly kind?: 'main' | 'plain' | 'quiet' | 'danger'
  readonly keys?: string
  readonly disabled?: boolean
  readonly pressed?: boolean
}

/** Something to do; `keys` is the key that does it too. */
export function Button(props: ButtonProps) {
  const { children, onClick, icon, label, kind = 'plain', keys, disabled, pressed } = props
  return (
    <button
      type="button"
      class={`button button-${kind}`}
      onClick={() => void onClick()}
      {...(label ? { 'aria-label': label, title: keys ? `${label} (${keys})` : label } : {})}
      {...(keys ? { 'data-key': keys } : {})}
      {...(pressed === undefined ? {} : { 'aria-pressed': pressed })}
      disabled={disabled ?? false}
    >
      {icon ? <Icon name={icon} size={18} /> : null}
      {children ? <span>{children}</span> : null}
    </button>
  )
}

/** A line to copy: what teaches is what works as it stands. */
export function Command({ text, label = 'Copy the command' }: { text: string; label?: string }) {
  const command = withBroker(text)
  return (
    <div class="command">
      <pre>
        <code>{command}</code>
      </pre>
      <Button kind="quiet" icon="copy" label={label} onClick={() => copy(command)} />
    </div>
  )
}

/** Where there is nothing yet: what would be here, and how to try it. */
export function Empty(props: { title: string; children?: ComponentChildren; command?: string }) {
  return (
    <div class="empty">
      <h2>{props.title}</h2>
      {props.children ? <p>{props.children}</p> : null}
      {props.command ? <Command text={props.command} /> : null}
    </div>
  )
}

/** What went wrong, and a way on. */
export function Trouble({ problem, retry }: { problem: Problem; retry: () => unknown }) {
  return (
    <div class="trouble" role="alert">
      <p>{problem.message}</p>
      <Button icon="reload" onClick={retry}>
        Try again
      </Button>
    </div>
  )
}

/** The list as a file. */
export function Export({ name, rows }: { name: string; rows: () => readonly object[] }) {
  return (
    <span class="export">
      <Button kind="quiet" onClick={() => download(name, rows(), 'csv')} label="Save as CSV">
        CSV
      </Button>
      <Button kind="quiet" onClick={() => download(name, rows(), 'json')} label="Save as JSON">
        JSON
      </Button>
    </span>
  )
}

/** Names and values. */
export function Facts({ rows }: { rows: readonly (readonly [string, ComponentChildren])[] }) {
  return (
    <dl class="facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value ?? '–'}</dd>
        </div>
      ))}
    </dl>
  )
}

/** Anything that the API says, as it is: text, never markup. */
export function Raw({ value, label }: { value: unknown; label: string }) {
  return (
    <details class="raw">
      <summary>{label}</summary>
      <pre>{typeof value === 'string' ? value : JSON.stringify(value, null, 2)}</pre>
    </details>
  )
}
