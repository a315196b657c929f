import type { Stop } from '../core/telling.ts'
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

/** More than that do not fit on a line: those that were left out are counted. */
const MOST_SHOWN = 5

/** The channels of a message on one line, each with how it fared. */
export function Stops({ stops }: { stops: Readonly<Record<string, Stop>> }) {
  const all = inOrder(stops)
  const leftOut = all.length > MOST_SHOWN ? all.filter(({ state }) => state === 'skipped') : []
  return (
    <span class="stops">
      {all
        .filter((stop) => !leftOut.includes(stop))
        .map(({ channel, state, reason }) => (
          <span key={channel} class={`stop stop-${state}`} title={sentence(channel, state, reason)}>
            <span aria-hidden="true">{SIGNS[state] ?? '○'}</span>
            {SHORT[channel] ?? channel}
            <span class="hidden"> {stateInWords(state)}</span>
          </span>
        ))}
      {leftOut.length === 0 ? null : (
        <span
          class="stop stop-skipped"
          title={leftOut.map((each) => sentence(each.channel, each.state, each.reason)).join('\n')}
        >
          –{leftOut.length}
          <span class="hidden"> left out</span>
        </span>
      )}
    </span>
  )
}

function sentence(channel: string, state: string, reason: string | null): string {
  return `${channel}: ${stateInWords(state)}${reason ? `, ${reasonInWords(reason)}` : ''}`
}
