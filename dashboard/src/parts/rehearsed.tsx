import type { Json } from '../core/api.ts'
import { inFull, momentOf } from '../core/time.ts'
import { counted, reasonInWords } from '../core/words.ts'
import { Tag } from './basics.tsx'
import { Preview } from './previews.tsx'

const TONES: Readonly<Record<string, 'good' | 'bad' | 'warn' | 'quiet'>> = {
  ...{ pass: 'good', send: 'good', hold: 'warn', refuse: 'bad', skip: 'quiet' },
}
const WORDS: Readonly<Record<string, string>> = {
  ...{ pass: 'passes', send: 'goes out', hold: 'waits', refuse: 'is refused', skip: 'left out' },
}

/** What a dry run said: for each recipient every gate, and every channel as it will look. */
export function Rehearsed({ answer, trouble }: { answer: Json | null; trouble: string | null }) {
  if (answer === null) {
    return (
      <div class="verdict">
        <p>{trouble ?? 'Looking …'}</p>
        <p class="hint">
          As you write, this side shows what would become of the message: every gate with its
          reason, and every channel as the recipient would see it. Nothing is sent.
        </p>
      </div>
    )
  }
  const shown: readonly Json[] = answer.data
  return (
    <>
      <div class="verdict" aria-live="polite">
        <p>
          <strong>Reaches {counted(answer.recipients, 'recipient')}.</strong>
          {shown.length < answer.recipients ? ` These are the first ${shown.length}.` : ''}
        </p>
        {trouble === null ? null : <p class="form-trouble">{trouble}</p>}
      </div>
      {shown.map((each, index) => (
        <details key={each.to} class="card" open={index === 0}>
          <summary>{each.to}</summary>
          <One rehearsed={each} />
        </details>
      ))}
    </>
  )
}

function One({ rehearsed }: { rehearsed: Json }) {
  const out = rehearsed.channels.filter(({ rendering }: Json) => rendering)
  return (
    <div class="previews">
      <table class="table">
        <caption class="hidden">Gates and channels</caption>
        <tbody>
          {rehearsed.gates.map(({ gate, outcome, reason }: Json) => (
            <Line key={gate} what={gate} outcome={outcome} reason={reason} until={null} />
          ))}
          {rehearsed.channels.map(({ channel, outcome, reason, until }: Json) => (
            <Line key={channel} what={channel} outcome={outcome} reason={reason} until={until} />
          ))}
        </tbody>
      </table>
      {out.map(({ channel, rendering }: Json) => (
        <section key={channel} class="preview" aria-label={`Preview: ${channel}`}>
          <h2>{channel === 'realtime' ? 'in the app' : channel}</h2>
          <Preview channel={channel === 'realtime' ? 'push' : channel} message={rendering} />
        </section>
      ))}
    </div>
  )
}

interface LineProps {
  readonly what: string
  readonly outcome: string
  readonly reason: unknown
  readonly until: unknown
}

function Line({ what, outcome, reason, until }: LineProps) {
  const at = momentOf(until)
  return (
    <tr>
      <th scope="row">{what}</th>
      <td>
        <Tag tone={TONES[outcome] ?? 'plain'}>{WORDS[outcome] ?? outcome}</Tag>
      </td>
      <td>
        {reason ? reasonInWords(reason) : ''}
        {at === null ? '' : ` until ${inFull(at)}`}
      </td>
    </tr>
  )
}
