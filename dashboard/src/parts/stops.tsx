import type { Stop } from '../core/trails.ts'
import { reasonInWords, stateInWords } from '../core/words.ts'

const ORDER = ['realtime', 'push', 'email', 'sms', 'voice', 'slack', 'discord', 'webhook', 'mqtt']
const SHORT: Readonly<Record<string, string>> = {
  ...{ realtime: 'live', webhook: 'hook' },
}
/** Filled: it is out. Ring: under way. Cross: it failed. Dash: it was left out. */
const SIGNS: Readonly<Record<string, string>> = {
  ...{ sent: '●', delivered: '●', read: '●', failed: '✕', skipped: '–', canceled: '–' },
  ...{ held: '◔', retry: '↻', unreachable: '↻', postponed: '◔' },
}

/** In the order in which people are reached. */
export function inOrder(stops: Readonly<Record<string, Stop>>): readonly Stop[] {
  const rank = ({ channel }: Stop) => ORDER.indexOf(channel) + 1 || 99
  return Object.values(stops).sort((a, b) => rank(a) - rank(b))
}

/** The channels of a message on one line, each with how it fared. */
export function Stops({ stops }: { stops: Readonly<Record<string, Stop>> }) {
  return (
    <span class="stops">
      {inOrder(stops).map(({ channel, state, reason }) => (
        <span
          key={channel}
          class={`stop stop-${state}`}
          title={`${channel}: ${stateInWords(state)}${reason ? `, ${reasonInWords(reason)}` : ''}`}
        >
          <span aria-hidden="true">{SIGNS[state] ?? '○'}</span>
          {SHORT[channel] ?? channel}
          <span class="hidden"> {stateInWords(state)}</span>
        </span>
      ))}
    </span>
  )
}
