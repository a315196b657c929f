import { jsonOf, wordOf } from '../http/http-outcome.ts'
import { type PostMessage, postMessageOf, shorten } from '../http/post-message.ts'
import type { Target } from '../http/target.ts'
import { asWebUrl } from './scheme-url.ts'

const COLOURS = { critical: '#c62828', high: '#ef6c00', normal: '#1565c0', low: '#607d8b' } as const
const TEXT = 7000

/** `mattermost://host/hooks/…`: an incoming webhook's URL, with another scheme. */
export const mattermost: Target = {
  name: 'mattermost',
  lost: 'uncertain',
  compose(address, job) {
    const message = postMessageOf(job)
    const title = callsNobody(shorten(message.title, 256))
    const attachment = {
      fallback: title,
      color: COLOURS[message.priority],
      title,
      text: [callsNobody(shorten(message.text, TEXT)), ...message.links.map(linked)].join('\n'),
      footer: `${message.type} · ${message.priority}`,
    }
    return { url: asWebUrl(address), body: JSON.stringify({ attachments: [attachment] }) }
  },
  read(answer) {
    const { id, message } = jsonOf(answer)
    const isGone = typeof id === 'string' && /incoming_webhook\.(invalid|disabled)/.test(id)
    const isDead = isGone || [401, 403, 404, 410].includes(answer.status)
    return { outcome: null, word: wordOf(id) ?? wordOf(message), isDead }
  },
}

function linked({ label, url }: PostMessage['links'][number]): string {
  return `[${label.replace(/[[\]\\]/g, '\\$&')}](<${url}>)`
}

/** A space of no width after the sign: `@all`, `@channel` and `<!here>` stay words. */
function callsNobody(text: string): string {
  return text.replace(/@(?=all|channel|here)|<(?=!)/gi, '$&\u200b')
}
