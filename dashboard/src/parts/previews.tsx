import { useSignal } from '@preact/signals'
import type { Json } from '../core/api.ts'
import { counted } from '../core/words.ts'
import { Raw } from './basics.tsx'
import { Frame } from './frame.tsx'
import { Icon } from './icon.tsx'

/** A rendered message: that of the outbox, or that of a dry run. */
export interface Rendering {
  readonly to: string
  readonly subject: string | null
  readonly text: string
  readonly html: string | null
  readonly content: Json
}

/** A message as it looks where it arrives. */
export function Preview({ channel, message }: { channel: string; message: Rendering }) {
  switch (channel) {
    case 'email':
      return <Mail message={message} />
    case 'sms':
      return <Sms message={message} />
    case 'voice':
      return <Call message={message} />
    case 'push':
      return <Push message={message} />
    case 'slack':
    case 'discord':
      return <Chat message={message} channel={channel} />
    default:
      return <Raw label="What is sent" value={message.content} />
  }
}

const MAIL_VIEWS = [
  ['html', 'HTML'],
  ['phone', 'Phone'],
  ['text', 'Text'],
  ['source', 'Source'],
  ['headers', 'Headers'],
] as const

function Mail({ message }: { message: Rendering }) {
  const shown = useSignal<string>(message.html === null ? 'text' : 'html')
  const { html, text, content } = message
  const views =
    html === null ? MAIL_VIEWS.filter(([name]) => ['text', 'headers'].includes(name)) : MAIL_VIEWS
  return (
    <div class="preview">
      <p class="mail-subject">
        <span class="hint">Subject</span> {message.subject}
      </p>
      <fieldset class="choice">
        <legend class="hidden">Ways to look at the mail</legend>
        {views.map(([name, label]) => (
          <label key={name} class={shown.value === name ? 'chosen' : ''}>
            <input
              type="radio"
              name="mail-view"
              checked={shown.value === name}
              onChange={() => {
                shown.value = name
              }}
            />
            {label}
          </label>
        ))}
      </fieldset>
      {shown.value === 'html' || shown.value === 'phone' ? (
        <Frame
          html={html ?? ''}
          title={message.subject ?? 'Mail'}
          narrow={shown.value === 'phone'}
        />
      ) : null}
      {shown.value === 'text' ? <Block text={text} /> : null}
      {shown.value === 'source' ? <Block text={html ?? ''} /> : null}
      {shown.value === 'headers' ? <Block text={headersOf(content)} /> : null}
    </div>
  )
}

function Block({ text }: { text: string }) {
  return <pre class="source">{text}</pre>
}

function headersOf(content: Json): string {
  const headers = Object.entries(content?.headers ?? {}).map(([name, value]) => `${name}: ${value}`)
  const files = (content?.attachments ?? []).map(
    (file: Json) => `attachment ${file.filename} (${counted(file.bytes, 'byte')})`,
  )
  return [...headers, '', ...files, counted(content?.bytes ?? 0, 'byte')].join('\n')
}

function Sms({ message }: { message: Rendering }) {
  const { encoding, segments, characters, units } = message.content ?? {}
  const size = [
    segments === undefined ? '' : counted(segments, 'segment'),
    encoding ?? '',
    counted(characters ?? units ?? message.text.length, 'character'),
  ]
  return (
    <div class="preview">
      <div class="handset">
        <p class="bubble">{message.text}</p>
      </div>
      <p class="hint">{size.filter(Boolean).join(' · ')}</p>
    </div>
  )
}

function Call({ message }: { message: Rendering }) {
  return (
    <div class="handset">
      <p class="hint">A call, in which a voice says:</p>
      <p class="bubble">“{message.text}”</p>
    </div>
  )
}

function Push({ message }: { message: Rendering }) {
  return (
    <div class="handset">
      <div class="push-card">
        <span class="hint">Belfry · now</span>
        <strong>{message.subject}</strong>
        <span>{message.text}</span>
      </div>
    </div>
  )
}

function Chat({ message, channel }: { message: Rendering; channel: string }) {
  const body = (
    <>
      <strong>{message.subject}</strong>
      <span>{message.text}</span>
    </>
  )
  return (
    <div class="chat">
      <span class="chat-face">
        <Icon name="alerts" />
      </span>
      <div class="chat-body">
        <span class="hint">Belfry, an app</span>
        {channel === 'discord' ? <div class="chat-body chat-embed">{body}</div> : body}
      </div>
    </div>
  )
}
