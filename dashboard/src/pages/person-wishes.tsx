import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { useResource } from '../core/resource.ts'
import { inFull, momentOf } from '../core/time.ts'
import { Button } from '../parts/basics.tsx'
import { Field } from '../parts/layout.tsx'

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

/** Which channels somebody wants; each switch is saved at once. */
export function Preferences({ path }: { path: string }) {
  const preferences = useResource(`${path}/preferences`)
  const wishes = preferences.data.value
  if (!wishes) return null
  const toggle = async (channel: string, isWanted: boolean) => {
    const words = `${channel} is ${isWanted ? 'on' : 'off'}.`
    await act(() => api.put(`${path}/preferences`, { [channel]: isWanted }), words)
    await preferences.reload()
  }
  const mute = async (event: SubmitEvent) => {
    event.preventDefault()
    const text = String(new FormData(event.currentTarget as HTMLFormElement).get('muted'))
    const muted_types = text.split(/[,\s]+/).filter(Boolean)
    await act(() => api.put(`${path}/preferences`, { muted_types }), 'Saved.')
    await preferences.reload()
  }
  return (
    <details class="card" open>
      <summary>What they want</summary>
      <div class="checks">
        {CHANNELS.map((channel) => (
          <label key={channel}>
            <input
              type="checkbox"
              checked={wishes[channel] !== false}
              onChange={({ currentTarget }) => void toggle(channel, currentTarget.checked)}
            />
            {channel}
          </label>
        ))}
      </div>
      <form class="form" onSubmit={(event) => void mute(event)}>
        <Field label="Muted types" hint="Of these they hear nothing at all">
          {(id) => (
            <input id={id} name="muted" defaultValue={(wishes.muted_types ?? []).join(', ')} />
          )}
        </Field>
        <button type="submit" class="button button-plain">
          Mute
        </button>
      </form>
    </details>
  )
}

/** When somebody does not want to be disturbed. */
export function QuietHours({ path }: { path: string }) {
  const quiet = useResource(`${path}/quiet-hours`)
  const hours = quiet.data.value
  if (!hours) return null
  const until = momentOf(hours.quiet_until)
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    const values = new FormData(event.currentTarget as HTMLFormElement)
    const body = {
      is_enabled: true,
      start: values.get('start'),
      end: values.get('end'),
      mode: values.get('mode'),
    }
    await act(() => api.put(`${path}/quiet-hours`, body), 'Saved.')
    await quiet.reload()
  }
  const off = async () => {
    await act(() => api.put(`${path}/quiet-hours`, { is_enabled: false }), 'No quiet hours.')
    await quiet.reload()
  }
  return (
    <details class="card">
      <summary>
        Quiet hours{hours.is_enabled ? ` ${hours.start ?? 'by weekday'}–${hours.end ?? ''}` : ''}
        {until === null ? '' : `, quiet until ${inFull(until)}`}
      </summary>
      <form
        class="form form-row"
        key={JSON.stringify(hours)}
        onSubmit={(event) => void submit(event)}
      >
        <Field label="From">
          {(id) => (
            <input
              id={id}
              name="start"
              type="time"
              required
              defaultValue={hours.start ?? '22:00'}
            />
          )}
        </Field>
        <Field label="Until">
          {(id) => (
            <input id={id} name="end" type="time" required defaultValue={hours.end ?? '07:00'} />
          )}
        </Field>
        <Field label="What comes then">
          {(id) => (
            <select id={id} name="mode" defaultValue={hours.mode ?? 'hold'}>
              <option value="hold">waits</option>
              <option value="drop">is left out</option>
            </select>
          )}
        </Field>
        <button type="submit" class="button button-main">
          Save
        </button>
        {hours.is_enabled ? <Button onClick={off}>Switch off</Button> : null}
      </form>
      <p class="hint">Time zone: {hours.effective_timezone}</p>
    </details>
  )
}

/** The devices that take push notifications. */
export function Devices(props: { user: Json; path: string; onChange: () => unknown }) {
  const { user, path, onChange } = props
  const remove = (token: string) => async () => {
    const devices = user.devices.filter((each: Json) => each.token !== token)
    await act(() => api.put(`${path}/devices`, { devices }), 'Removed.')
    await onChange()
  }
  return (
    <section aria-label="Devices">
      <h3>Devices</h3>
      {user.devices.length === 0 ? <p class="hint">None that takes push notifications.</p> : null}
      <ul class="lines">
        {user.devices.map(({ platform, token }: Json) => (
          <li key={token}>
            {platform} <code>…{token.slice(-12)}</code>{' '}
            <Button
              kind="quiet"
              label={`Remove ${platform} …${token.slice(-6)}`}
              onClick={remove(token)}
            >
              Remove
            </Button>
          </li>
        ))}
      </ul>
    </section>
  )
}
