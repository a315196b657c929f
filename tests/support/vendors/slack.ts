import { createHmac } from 'node:crypto'
import { type Answer, type HttpVendor, type Post, startHttpVendor } from './http-vendor.ts'

/** The token that the Web API takes. */
export const SLACK_TOKEN = 'xoxb-belfry-test'
/** What it signs its own requests with. */
export const SLACK_SECRET = '8f742231b10e8888abcd99yyyzzz85a5'

interface Pressed {
  /** Where the app takes interactions. */
  readonly url: string
  /** Where the updated message may be put: the fake's own address. */
  readonly slackUrl: string
  /** The member who presses. */
  readonly member: string
  /** The message as it was posted. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
  readonly message: any
  readonly actionId: string
  readonly secret?: string
  /** How long ago it was signed. */
  readonly ageSeconds?: number
}

/** Presses a button of a message, as Slack tells the app of it: a signed form. */
export function pressSlack(pressed: Pressed): Promise<Response> {
  const { url, slackUrl, member, message, actionId } = pressed
  const { secret = SLACK_SECRET, ageSeconds = 0 } = pressed
  // biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
  const all = message.blocks.flatMap(({ elements = [] }: any) => elements)
  // biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
  const { action_id, value } = all.find((each: any) => each.action_id === actionId)
  const payload = {
    type: 'block_actions',
    user: { id: member, username: 'someone', team_id: 'T0000' },
    container: { type: 'message', message_ts: '1700000000.000100' },
    actions: [{ type: 'button', action_id, value, block_id: 'b1', action_ts: '1700000001.0' }],
    message: { type: 'message', text: message.text, blocks: message.blocks },
    response_url: `${slackUrl}/actions/T0000/1/answer`,
  }
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  const timestamp = String(Math.floor(Date.now() / 1000) - ageSeconds)
  const mac = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')
  return fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': `v0=${mac}`,
    },
  })
}

/**
 * Slack: incoming webhooks below `/services/`, the Web API's `chat.postMessage`
 * below `/api/`, response URLs below `/actions/`. It refuses what Block Kit refuses. `…/gone` is a webhook that
 * was removed, `CGONE00` a channel that was.
 */
export function startSlack(port = 0): Promise<HttpVendor> {
  return startHttpVendor({
    port,
    answer: (post) => {
      if (post.path.startsWith('/actions/')) return update(post)
      return post.path.startsWith('/services/') ? webhook(post) : webApi(post)
    },
  })
}

/** A `response_url`: takes what is to stand in the place of a message. */
function update({ json }: Post): Answer {
  const wrong = json?.replace_original === true ? complaint(json) : 'no_replacement'
  return wrong === null ? { status: 200, body: 'ok' } : { status: 400, body: wrong }
}

function webhook({ method, path, json }: Post): Answer {
  if (method !== 'POST' || !/^\/services\/T\w+\/B\w+\/\w+$/.test(path)) {
    return { status: 404, body: 'no_service' }
  }
  if (path.endsWith('/gone')) return { status: 404, body: 'no_service' }
  if (json === null) return { status: 400, body: 'invalid_payload' }
  const wrong = complaint(json)
  return wrong === null ? { status: 200, body: 'ok' } : { status: 400, body: wrong }
}

function webApi({ path, headers, json }: Post): Answer {
  if (path !== '/api/chat.postMessage') return refusal('unknown_method')
  if (headers.authorization !== `Bearer ${SLACK_TOKEN}`) return refusal('invalid_auth')
  if (!/^[CDGU]\w+$/.test(json?.channel ?? '') || json.channel === 'CGONE00') {
    return refusal('channel_not_found')
  }
  const wrong = complaint(json)
  if (wrong !== null) return refusal(wrong)
  const ts = `${Math.floor(Date.now() / 1000)}.000100`
  return { status: 200, body: { ok: true, channel: json.channel, ts, message: json } }
}

/** The Web API says no with 200. */
function refusal(error: string): Answer {
  return { status: 200, body: { ok: false, error } }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
function complaint({ text, blocks = [] }: any): string | null {
  if (!text && blocks.length === 0) return 'no_text'
  if ((text ?? '').length > 40_000) return 'msg_too_long'
  return blocks.length > 50 || !blocks.every(isBlock) ? 'invalid_blocks' : null
}

// biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
function isBlock({ type, text, elements = [] }: any): boolean {
  switch (type) {
    case 'header':
      return isText(text, 150) && text.type === 'plain_text'
    case 'section':
      return isText(text, 3000)
    case 'context':
      return elements.length <= 10 && elements.every((each: unknown) => isText(each, 3000))
    case 'actions':
      return (
        elements.length > 0 &&
        elements.length <= 25 &&
        elements.every(isButton) &&
        // biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
        new Set(elements.map((each: any) => each.action_id)).size === elements.length
      )
    default:
      return false
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
function isButton({ type, text, url, value }: any): boolean {
  const isShort = (url ?? '').length <= 3000 && (value ?? '').length <= 2000
  return type === 'button' && isText(text, 75) && isShort
}

// biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
function isText(text: any, limit: number): boolean {
  const length = text?.text?.length ?? 0
  return ['plain_text', 'mrkdwn'].includes(text?.type) && length > 0 && length <= limit
}
