import { type Answer, type HttpVendor, type Post, startHttpVendor } from './http-vendor.ts'

/** What each of the small vendors takes for valid credentials. */
export const CREDENTIALS = {
  telegram: '42:belfry-test',
  pushover: 'pushover-test-app',
  pagerduty: 'R0123456789ABCDEF0123456789ABCDE',
  gotify: 'AbelfryTest.01',
  ntfy: 'tk_belfrytest',
} as const

export type SmallVendor = keyof typeof ANSWERS

/** One of the vendors that are reached by one simple request. */
export function startSmallVendor(name: SmallVendor, port = 0): Promise<HttpVendor> {
  return startHttpVendor({ port, answer: ANSWERS[name] })
}

const ok = (body: object = {}): Answer => ({ status: 200, body })
const no = (status: number, body: object | string): Answer => ({ status, body })

const ANSWERS = {
  /** Bot API: `POST /bot<token>/sendMessage`. */
  telegram({ path, json }: Post): Answer {
    const error = (error_code: number, description: string) =>
      no(error_code, { ok: false, error_code, description })
    if (path !== `/bot${CREDENTIALS.telegram}/sendMessage`) return error(401, 'Unauthorized')
    const buttons: { url: string }[] = (json?.reply_markup?.inline_keyboard ?? []).flat()
    const odd = buttons.find(({ url }) => !new URL(url).hostname.includes('.'))
    if (odd) {
      return error(
        400,
        `Bad Request: inline keyboard button URL '${odd.url}' is invalid: Wrong HTTP URL`,
      )
    }
    if (json?.chat_id === '404') return error(400, 'Bad Request: chat not found')
    if (json?.chat_id === '403') return error(403, 'Forbidden: bot was blocked by the user')
    if (!json?.text || json.text.length > 4300)
      return error(400, 'Bad Request: message is too long')
    return ok({ ok: true, result: { message_id: 7, chat: { id: json.chat_id } } })
  },

  /** A workflow "when a Teams webhook request is received". */
  teams({ path, json }: Post): Answer {
    if (!path.startsWith('/workflows/') || !path.includes('sig=')) {
      return no(401, { error: { code: 'DirectApiAuthorizationRequired' } })
    }
    if (path.includes('/gone/')) return no(404, { error: { code: 'WorkflowNotFound' } })
    const [card] = json?.attachments ?? []
    const isCard = card?.contentType === 'application/vnd.microsoft.card.adaptive'
    const fits = isCard && card.content.type === 'AdaptiveCard' && card.content.body.length > 0
    return json?.type === 'message' && fits
      ? no(202, '')
      : no(400, { error: { code: 'BadRequest' } })
  },

  /** Publishing as JSON: `POST /`. */
  ntfy({ path, headers, json }: Post): Answer {
    if (path !== '/' || !/^[\w-]{1,64}$/.test(json?.topic ?? '')) {
      return no(400, { code: 40_009, http: 400, error: 'invalid request: topic invalid' })
    }
    const isFree = json.topic !== 'private'
    if (!isFree && headers.authorization !== `Bearer ${CREDENTIALS.ntfy}`) {
      return no(403, { code: 40_301, http: 403, error: 'forbidden' })
    }
    return ok({ id: 'ntfy0000001', event: 'message', topic: json.topic, message: json.message })
  },

  /** `POST /message` with an application's token. */
  gotify({ path, headers, json }: Post): Answer {
    if (path !== '/message') return no(404, { error: 'Not Found', errorCode: 404 })
    if (headers['x-gotify-key'] !== CREDENTIALS.gotify) {
      return no(401, { error: 'Unauthorized', errorCode: 401, errorDescription: 'invalid token' })
    }
    if (!json?.message) return no(400, { error: 'Bad Request', errorCode: 400 })
    return ok({ id: 25, message: json.message })
  },

  /** An incoming webhook: `POST /hooks/<key>`. */
  mattermost({ path, json }: Post): Answer {
    if (!/^\/hooks\/[a-z0-9]{1,40}$/.test(path) || path === '/hooks/gone') {
      return no(400, { id: 'web.incoming_webhook.invalid.app_error', message: 'Invalid webhook' })
    }
    return json?.text || json?.attachments?.length > 0
      ? no(200, 'ok')
      : no(400, { id: 'web.incoming_webhook.text.app_error', message: 'No text specified' })
  },

  /** `POST /1/messages.json`. */
  pushover({ path, json }: Post): Answer {
    const error = (field: string, text: string) =>
      no(400, { [field]: 'invalid', errors: [text], status: 0, request: 'r-0' })
    if (path !== '/1/messages.json') return no(404, '')
    if (json?.token !== CREDENTIALS.pushover) {
      return error('token', 'application token is invalid')
    }
    if (!/^[A-Za-z0-9]{30}$/.test(json.user)) return error('user', 'user identifier is not valid')
    if (!json.message || json.message.length > 1024) return error('message', 'message is too long')
    if ((json.url ?? '').length > 512) return error('url', 'url is too long')
    if (json.priority === 2 && !(json.retry >= 30 && json.expire <= 10_800)) {
      return error('retry', 'retry and expire must be supplied with priority 2')
    }
    return ok({ status: 1, request: 'r-1' })
  },

  /** Events API v2: `POST /v2/enqueue`. */
  pagerduty({ path, json }: Post): Answer {
    const error = (text: string) =>
      no(400, { status: 'invalid event', message: 'Event object is invalid', errors: [text] })
    if (path !== '/v2/enqueue') return no(404, '')
    if (json?.routing_key !== CREDENTIALS.pagerduty) return error('Invalid routing key')
    const { summary, source, severity } = json.payload ?? {}
    const isEvent =
      summary?.length <= 1024 && source && /^(critical|error|warning|info)$/.test(severity)
    if (!isEvent) return error('payload is invalid')
    return no(202, { status: 'success', message: 'Event processed', dedup_key: json.dedup_key })
  },

  /** Apprise API: `POST /notify/<key>`. */
  apprise({ path, json }: Post): Answer {
    const [, key] = /^\/notify\/([\w-]+)$/.exec(path) ?? []
    if (key === undefined) return no(404, '')
    if (key === 'nobody') return { status: 204 }
    if (!json?.body) return no(400, { error: 'An invalid payload was specified' })
    return key === 'partly'
      ? no(424, { error: 'One or more notification(s) failed' })
      : ok({ error: null })
  },
}
