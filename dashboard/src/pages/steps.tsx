import type { ComponentChildren } from 'preact'
import type { Json } from '../core/api.ts'
import type { Happening } from '../core/stream.ts'
import { reasonInWords, stateInWords } from '../core/words.ts'
import { Time, type Tone, toneOf } from '../parts/basics.tsx'

/** One moment on the way of something. */
export interface Step {
  readonly at: unknown
  readonly what: ComponentChildren
  readonly why?: ComponentChildren
  readonly tone: Tone
}

/** A way, one moment after the other. */
export function Steps({ steps }: { steps: readonly Step[] }) {
  return (
    <ol class="trace">
      {steps.map((step, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps are in order and have no names.
        <li key={index} class={`trace-step tone-${step.tone}`}>
          <span class="trace-when">{step.at ? <Time at={step.at} form="clock" /> : null}</span>
          <div>
            <p class="trace-what">{step.what}</p>
            {step.why ? <p class="trace-why">{step.why}</p> : null}
          </div>
        </li>
      ))}
    </ol>
  )
}

/** By which door something came in. */
export function sourceInWords(source: string): string {
  return /^(GET|POST|PUT) /.test(source) ? `HTTP ${source}` : `MQTT publish on ${source}`
}

/** One try, as the service keeps it. */
export function attemptStep(channel: string, { at, provider, outcome, reason, id }: Json): Step {
  const isOutbox = provider === 'outbox'
  const by = isOutbox ? 'into the outbox: no provider is configured' : `by ${provider}`
  const why = [by, reason ? reasonInWords(reason) : '', id && !isOutbox ? `id ${id}` : '']
  return {
    at,
    what: `${channel}: ${stateInWords(outcome)}`,
    why: why.filter(Boolean).join(' · '),
    tone: toneOf(outcome),
  }
}

/** The same as it was seen here. */
export function attemptSeen(event: Happening): Step {
  const { channel, provider, status, reason, at } = event
  return attemptStep(channel, { at, provider, outcome: status, reason })
}
