import { act, say } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { curlOf, type Draft, draftOf, mosquittoOf, problemIn, requestOf } from '../core/draft.ts'
import { useRehearsal } from '../core/rehearsal.ts'
import { useResource } from '../core/resource.ts'
import { go, href, place, setQuery } from '../core/route.ts'
import { counted } from '../core/words.ts'
import { Button, Command } from '../parts/basics.tsx'
import { Field, Page } from '../parts/layout.tsx'
import { Rehearsed } from '../parts/rehearsed.tsx'
import { More } from './compose-more.tsx'

const CHANNELS = [
  'realtime',
  'email',
  'sms',
  'voice',
  'push',
  'slack',
  'discord',
  'webhook',
  'mqtt',
]
const PRIORITIES = ['low', 'normal', 'high', 'critical']

/** A message, how it looks on every channel, and what each gate says to it, before it is sent. */
export function View() {
  const draft = draftOf(place.value.query)
  const rehearsal = useRehearsal(draft)
  const send = async () => {
    const problem = problemIn(draft)
    if (problem !== null) return say(problem, 'bad')
    await act(
      async () => {
        const sent = await api.post('api/notifications', requestOf(draft))
        const [first] = sent.notifications
        const refused = sent.rejected[0]
        if (!first && !sent.broadcast_id && refused) throw new Error(refused.error.message)
        // What waits for its moment has no way yet.
        const isOut = first?.user_id && first.status !== 'scheduled'
        if (isOut) go(href(['live', first.notification_id]))
      },
      draft.at ? 'Scheduled.' : 'Sent.',
    )
  }
  return (
    <Page
      title="Compose"
      lead="The address of this page is the message: send it to somebody to look at."
      actions={
        <Button kind="main" icon="check" onClick={send}>
          {draft.at ? 'Schedule' : 'Send'}
        </Button>
      }
    >
      <div class="compose">
        <Form draft={draft} />
        <div class="previews">
          <Rehearsed answer={rehearsal.answer} trouble={rehearsal.trouble} />
        </div>
      </div>
    </Page>
  )
}

function Form({ draft }: { draft: Draft }) {
  return (
    <form class="form" onSubmit={(event) => event.preventDefault()}>
      <Text
        draft={draft}
        name="to"
        label="To"
        hint="user:42, group:ops, role:admin, all, an e-mail address or a telephone number; parted by commas"
      />
      <Template draft={draft} />
      {draft.template === '' ? (
        <>
          <Text draft={draft} name="title" label="Title" />
          <Field label="Message">
            {(id) => (
              <textarea
                id={id}
                rows={4}
                maxLength={4000}
                value={draft.message}
                onInput={({ currentTarget }) => setQuery({ message: currentTarget.value })}
              />
            )}
          </Field>
        </>
      ) : null}
      <div class="form-row form">
        <Field label="Priority">
          {(id) => (
            <select
              id={id}
              value={draft.priority}
              onChange={({ currentTarget }) => setQuery({ priority: currentTarget.value })}
            >
              {PRIORITIES.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <Text draft={draft} name="type" label="Type" />
        <Field label="Not before">
          {(id) => (
            <input
              id={id}
              type="datetime-local"
              value={draft.at}
              onInput={({ currentTarget }) => setQuery({ send_at: currentTarget.value })}
            />
          )}
        </Field>
      </div>
      <Channels draft={draft} />
      <More draft={draft} />
      <details>
        <summary>As a command</summary>
        <div class="form">
          <Command text={curlOf(draft)} label="Copy as curl" />
          {mosquittoOf(draft).map((text) => (
            <Command key={text} text={text} label="Copy as mosquitto_pub" />
          ))}
        </div>
      </details>
    </form>
  )
}

interface TextProps {
  readonly draft: Draft
  readonly name: 'to' | 'title' | 'type'
  readonly label: string
  readonly hint?: string
}

function Text({ draft, name, label, hint }: TextProps) {
  return (
    <Field label={label} {...(hint ? { hint } : {})}>
      {(id) => (
        <input
          id={id}
          value={draft[name]}
          spellcheck={name === 'title'}
          {...(name === 'to' ? { 'data-search': true } : {})}
          onInput={({ currentTarget }) => setQuery({ [name]: currentTarget.value })}
        />
      )}
    </Field>
  )
}

function Channels({ draft }: { draft: Draft }) {
  const toggle = (channel: string) => {
    const rest = draft.channels.filter((each) => each !== channel)
    const next = rest.length === draft.channels.length ? [...rest, channel] : rest
    setQuery({ channels: next.join(',') })
  }
  return (
    <fieldset class="field">
      <legend class="label">Channels</legend>
      <div class="checks">
        {CHANNELS.map((channel) => (
          <label key={channel}>
            <input
              type="checkbox"
              checked={draft.channels.includes(channel)}
              onChange={() => toggle(channel)}
            />
            {channel}
          </label>
        ))}
      </div>
      <p class="hint">
        {draft.channels.length === 0
          ? 'None chosen: the priority decides.'
          : `${counted(draft.channels.length, 'channel')}, and the inbox.`}
      </p>
    </fieldset>
  )
}

function Template({ draft }: { draft: Draft }) {
  const templates = useResource('api/templates?limit=100')
  const all: readonly Json[] = templates.data.value?.data ?? []
  const chosen = all.find(({ name }) => name === draft.template)
  const choose = (name: string) => {
    const params = all.find((each) => each.name === name)?.permitted_params ?? []
    const sample = Object.fromEntries(params.map((each: string) => [each, each.toUpperCase()]))
    setQuery({ template: name, params: name === '' ? '' : JSON.stringify(sample, null, 2) })
  }
  return (
    <>
      <Field label="Words">
        {(id) => (
          <select
            id={id}
            value={draft.template}
            onChange={({ currentTarget }) => choose(currentTarget.value)}
          >
            <option value="">my own</option>
            {all.map(({ id: key, name }) => (
              <option key={key} value={name}>
                template {name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {draft.template === '' ? null : (
        <Field
          label="Values for the template"
          hint={`It takes ${chosen?.permitted_params.join(', ') || 'none'}.`}
        >
          {(id) => (
            <textarea
              id={id}
              class="code"
              rows={5}
              spellcheck={false}
              value={draft.params}
              onInput={({ currentTarget }) => setQuery({ params: currentTarget.value })}
            />
          )}
        </Field>
      )}
    </>
  )
}
