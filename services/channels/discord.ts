import type { Priority } from '../../src/index.ts'
import type { Answered } from './http/exchange.ts'
import { jsonOf, retryAfterOf, sentAs, waitOf, wordOf } from './http/http-outcome.ts'
import { type PostJob, type PostMessage, postMessageOf, shorten } from './http/post-message.ts'
import type { RateLimits, Target, Verdict } from './http/target.ts'

const HOSTS = ['discord.com', 'discordapp.com', 'ptb.discord.com', 'canary.discord.com']
/** Five posts in two seconds to a webhook; its answers say it more exactly. */
const PACE = { limit: 5, windowMs: 2000 }

/** The limits of an embed, in characters. */
const TITLE = 256
const DESCRIPTION = 4096
const FIELD = 1024
const FOOTER = 2048

const COLOURS: Readonly<Record<Priority, number>> = {
  critical: 0xc62828,
  high: 0xef6c00,
  normal: 0x1565c0,
  low: 0x607d8b,
}

/** A webhook of Discord: the user's own URL. */
export function discordWebhook(): Target {
  return {
    name: 'discord',
    lost: 'uncertain',
    pace: PACE,
    compose(address, job) {
      const url = new URL(address)
      // Only then is there an answer with the id of the message.
      url.searchParams.set('wait', 'true')
      return {
        url: url.href,
        body: JSON.stringify(discordBody(job)),
        pinnedTo: HOSTS,
      }
    },
    read: readAnswer,
  }
}

const CONTENT = 2000

/** What is posted: what a notification class made for Discord, or the message as an embed. */
function discordBody(job: PostJob): object {
  if (job.discord === undefined) return discordMessage(postMessageOf(job))
  const { content = '', ...rest } = job.discord
  return { content: shorten(content, CONTENT), ...rest, allowed_mentions: { parse: [] } }
}

/** Whatever the text says, it calls nobody: `allowed_mentions` is empty. */
export function discordMessage({ title, text, type, priority, links, createdAt }: PostMessage) {
  const value = links.map(({ label, url }) => `[${escapeLabel(label)}](<${url}>)`)
  while (value.join(' · ').length > FIELD) value.pop()
  return {
    embeds: [
      {
        title: shorten(title, TITLE),
        description: shorten(text, DESCRIPTION),
        color: COLOURS[priority],
        timestamp: createdAt,
        footer: { text: shorten(`${type} · ${priority}`, FOOTER) },
        ...(value.length > 0 ? { fields: [{ name: '\u200b', value: value.join(' · ') }] } : {}),
      },
    ],
    allowed_mentions: { parse: [] },
  }
}

function readAnswer(answer: Answered, now: number): Verdict {
  const { status } = answer
  const { id, code, message, retry_after, global } = jsonOf(answer)
  const limits = limitsOf(answer)
  if (status < 300) {
    return { outcome: sentAs(answer, id), limits }
  }
  if (status === 429) {
    const stated = typeof retry_after === 'number' ? waitOf(retry_after * 1000) : null
    const retryAfterMs = stated ?? retryAfterOf(answer, now) ?? PACE.windowMs
    const isGlobalLimit = global === true || answer.headers['x-ratelimit-scope'] === 'global'
    const reason = `answered 429${isGlobalLimit ? ', for everything' : ''}`
    return { outcome: { status: 'retry', reason, retryAfterMs }, isGlobalLimit }
  }
  // Without a code of Discord's it is somebody in between who refuses.
  const isDead = typeof code === 'number' && [401, 403, 404].includes(status)
  const number = typeof code === 'number' ? `${code} ` : ''
  return { outcome: null, word: wordOf(`${number}${wordOf(message) ?? ''}`), isDead, limits }
}

function limitsOf({ headers }: Answered): RateLimits | null {
  const remaining = Number(headers['x-ratelimit-remaining'] ?? Number.NaN)
  const resetAfter = Number(headers['x-ratelimit-reset-after'] ?? Number.NaN)
  if (!(remaining >= 0) || !(resetAfter >= 0)) return null
  return { remaining, resetMs: waitOf(resetAfter * 1000) }
}

function escapeLabel(label: string): string {
  return label.replace(/[[\]\\*_~`|]/g, '\\$&')
}
