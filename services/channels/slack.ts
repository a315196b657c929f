import type { Answered } from './http/exchange.ts'
import { jsonOf, retryAfterOf, sentAs, unclear, wordOf } from './http/http-outcome.ts'
import { type Target, Unsendable, type Verdict } from './http/target.ts'
import { slackBody } from './slack-blocks.ts'

const API_URL = 'https://slack.com/api'
/** Where incoming webhooks live; an address under `slack_webhook_url` leads nowhere else. */
export const SLACK_HOSTS = ['hooks.slack.com', 'hooks.slack-gov.com']
/** About one message a second and channel (Slack, "Rate limits"). */
const PACE = { limit: 1, windowMs: 1000 }

/**
 * What an incoming webhook says with 400 when its channel or user is gone; with 403, 404 and 410
 * every word of Slack's does. A page of a proxy in between does not.
 */
const GONE_400 = ['user_not_found', 'channel_not_found', 'channel_is_archived', 'invalid_token']

/** An incoming webhook: the user's own URL. */
export function slackWebhook({ interactive = false } = {}): Target {
  return {
    name: 'slack',
    lost: 'uncertain',
    pace: PACE,
    compose: (address, job) => ({
      url: address.href,
      body: JSON.stringify(slackBody(job, { interactive })),
      pinnedTo: SLACK_HOSTS,
    }),
    read(answer): Verdict {
      const { status, body } = answer
      // Slack says `ok`, others that take the same say it otherwise: none of them by a page.
      if (status === 200 && /^\s*</.test(body)) return { outcome: unclear(answer) }
      const word = /^[a-z_]{2,60}$/.exec(body.trim())?.[0] ?? null
      const isGone =
        [403, 404, 410].includes(status) || (status === 400 && GONE_400.includes(word ?? ''))
      return { outcome: null, word, isDead: word !== null && isGone }
    },
  }
}

const GONE = [
  'channel_not_found',
  'is_archived',
  'not_in_channel',
  'restricted_action',
  'user_not_found',
  'user_disabled',
  'cannot_dm_bot',
]
const LOCKED_OUT = [
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'missing_scope',
  'org_login_required',
  'ekm_access_denied',
]
const TRY_AGAIN = [
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'ratelimited',
  'rate_limited',
]

interface Bot {
  /** `null`: nobody configured one. */
  readonly botToken: string | null
  readonly apiUrl: string | null
  /** Whether presses of buttons come back to us. */
  readonly interactive?: boolean
}

/** `chat.postMessage` to `slack://<channel or member id>`, as the bot of `SLACK_BOT_TOKEN`. */
export function slackBot({ botToken, apiUrl, interactive = false }: Bot): Target {
  return {
    name: 'slack bot',
    lost: 'uncertain',
    pace: PACE,
    compose(address, job) {
      if (botToken === null) throw new Unsendable('SLACK_BOT_TOKEN is not set')
      const channel = decodeURIComponent(address.host)
      if (!/^[A-Z][A-Z0-9]{1,30}$/.test(channel)) throw new Unsendable('no id of Slack’s')
      return {
        url: `${apiUrl ?? API_URL}/chat.postMessage`,
        body: JSON.stringify({ channel, unfurl_links: false, ...slackBody(job, { interactive }) }),
        headers: {
          'content-type': 'application/json; charset=utf-8',
          authorization: `Bearer ${botToken}`,
        },
        isTrusted: true,
      }
    },
    read: readBotAnswer,
  }
}

/** The Web API answers 200 whatever happened, and says in the body what did. */
function readBotAnswer(answer: Answered, now: number): Verdict {
  if (answer.status !== 200) return { outcome: null, isLockedOut: answer.status === 401 }
  const { ok, ts, error } = jsonOf(answer)
  if (ok === true) return { outcome: sentAs(answer, ts) }
  const word = wordOf(error)
  if (word === null) return { outcome: unclear(answer) }
  const retryAfterMs = retryAfterOf(answer, now) ?? 1000
  return {
    outcome: TRY_AGAIN.includes(word)
      ? { status: 'retry', reason: word, retryAfterMs }
      : { status: 'failed', reason: word },
    isDead: GONE.includes(word),
    isLockedOut: LOCKED_OUT.includes(word),
  }
}
