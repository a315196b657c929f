import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { counted } from '../core/words.ts'
import { Field } from '../parts/layout.tsx'

interface Way {
  readonly label: string
  readonly inputMode: 'email' | 'tel' | 'text'
  readonly hint?: string
}

const PHONE = { label: 'Telephone number', inputMode: 'tel' } as const
const HOOK: Way = {
  label: 'URL of the hook',
  inputMode: 'text',
  hint: 'As in a profile: https://…, slack://<id>, telegram://<id>.',
}
/** What kind of address each channel takes. */
const WAYS: Readonly<Record<string, Way>> = {
  email: { label: 'E-mail address', inputMode: 'email' },
  sms: PHONE,
  voice: PHONE,
  slack: HOOK,
  discord: HOOK,
  webhook: HOOK,
  push: {
    label: 'Device token, or a user',
    inputMode: 'text',
    hint: 'user:42 is every device of that user.',
  },
}
const NEEDS = 'Takes a provider: where none is configured, it comes back to the outbox.'

/** Sends it after all, to an address that somebody reads. */
export function Release({ message }: { message: Json }) {
  const way = WAYS[message.channel]
  if (way === undefined) return null
  const { label, inputMode, hint } = way
  const files: readonly Json[] = message.content?.attachments ?? []
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget as HTMLFormElement)
    const to = String(form.get('to')).trim()
    const body = {
      to,
      ...(form.has('platform') ? { platform: form.get('platform') } : {}),
      ...(files.length > 0 && !form.has('files') ? { without_attachments: true } : {}),
    }
    const path = `api/outbox/${encodeURIComponent(message.id)}/release`
    await act(() => api.post(path, body), `On its way to ${to}.`)
  }
  return (
    <details class="more-acts">
      <summary>Release to a real address</summary>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <Field label={label} hint={hint ? `${hint} ${NEEDS}` : NEEDS}>
          {(id) => (
            <input
              id={id}
              name="to"
              required
              spellcheck={false}
              inputMode={inputMode}
              defaultValue={addressOf(message)}
            />
          )}
        </Field>
        {message.channel === 'push' ? <Platform chosen={message.content?.platform} /> : null}
        {files.length === 0 ? null : (
          <label class="check">
            <input type="checkbox" name="files" defaultChecked />
            With {counted(files.length, 'attachment')}: {files.map(nameOf).join(', ')}
          </label>
        )}
        <button type="submit" class="button button-main" data-key="e">
          Release
        </button>
      </form>
    </details>
  )
}

function Platform({ chosen = 'android' }: { chosen?: string }) {
  return (
    <Field label="Platform of the token">
      {(id) => (
        <select id={id} name="platform" defaultValue={chosen}>
          <option value="android">Android</option>
          <option value="ios">iOS</option>
          <option value="web">Web</option>
        </select>
      )}
    </Field>
  )
}

/** Where it would have gone; what is secret of an address is not shown. */
function addressOf({ channel, to, user_id: user }: Json): string {
  if (channel === 'push') return user ? `user:${user}` : ''
  return WAYS[channel] === HOOK ? '' : to
}

function nameOf({ filename }: Json): string {
  return filename
}
