import { type Answer, type HttpVendor, type Post, startHttpVendor } from './http-vendor.ts'

/** The token that the Web API takes. */
export const SLACK_TOKEN = 'xoxb-belfry-test'

/**
 * Slack: incoming webhooks below `/services/`, the Web API's `chat.postMessage`
 * below `/api/`. It refuses what Block Kit refuses. `…/gone` is a webhook that
 * was removed, `CGONE00` a channel that was.
 */
export function startSlack(port = 0): Promise<HttpVendor> {
  return startHttpVendor({
    port,
    answer: (post) => (post.path.startsWith('/services/') ? webhook(post) : webApi(post)),
  })
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
      return elements.length > 0 && elements.length <= 25 && elements.every(isButton)
    default:
      return false
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
function isButton({ type, text, url }: any): boolean {
  return type === 'button' && isText(text, 75) && (url ?? '').length <= 3000
}

// biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
function isText(text: any, limit: number): boolean {
  const length = text?.text?.length ?? 0
  return ['plain_text', 'mrkdwn'].includes(text?.type) && length > 0 && length <= limit
}
