import { act } from '../core/acts.ts'
import { api, type Json } from '../core/api.ts'
import { countdown, momentOf, now } from '../core/time.ts'
import { Button } from '../parts/basics.tsx'

/** The clock until the next people are told, or who answered. */
export function Escalation({ alert }: { alert: Json }) {
  const next = momentOf(alert.next_escalation_at)
  if (alert.status === 'acknowledged') return <span>by {alert.acknowledged_by ?? 'somebody'}</span>
  if (alert.status === 'resolved') return <span>by {alert.resolved_by ?? 'itself'}</span>
  if (alert.status === 'snoozed') {
    const until = momentOf(alert.snoozed_until)
    return until === null ? null : <Clock at={until} words="back in" />
  }
  if (alert.exhausted) return <span>nobody answered through the whole policy</span>
  if (next === null) return null
  return <Clock at={next} words={`step ${alert.step + 2} in`} />
}

function Clock({ at, words }: { at: number; words: string }) {
  const left = at - now.value
  return (
    <span class={left < 60_000 ? 'countdown is-soon' : 'countdown'}>
      {words} <b>{countdown(left)}</b>
    </span>
  )
}

/** What can be done with an alert, each in one tap. */
export function AlertActs({ alert, onChange }: { alert: Json; onChange: () => unknown }) {
  const path = `api/alerts/${encodeURIComponent(alert.id)}`
  const doing =
    (verb: string, done: string, body: object = {}) =>
    async () => {
      await act(() => api.post(`${path}/${verb}`, body), done)
      await onChange()
    }
  if (alert.status === 'resolved') return null
  const isAnswered = alert.status === 'acknowledged'
  return (
    <div class="acts alert-acts">
      {isAnswered ? (
        <Button onClick={doing('unack', 'The acknowledgement is taken back.')}>Take back</Button>
      ) : (
        <Button kind="main" icon="check" keys="e" onClick={doing('ack', 'Acknowledged.')}>
          Acknowledge
        </Button>
      )}
      <Button icon="clock" keys="s" onClick={doing('snooze', 'Quiet for an hour.', { for: '1h' })}>
        1 h
      </Button>
      {isAnswered ? null : (
        <Button icon="up" onClick={doing('escalate', 'The next step is being told.')}>
          Escalate
        </Button>
      )}
      <Button icon="check" keys="r" onClick={doing('resolve', 'Resolved.')}>
        Resolve
      </Button>
    </div>
  )
}
