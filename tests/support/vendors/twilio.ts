import { createHmac } from 'node:crypto'
import { type Answer, type HttpVendor, type Post, startHttpVendor } from './http-vendor.ts'

/** The account that the fake takes. */
export const TWILIO = {
  accountSid: 'AC00000000000000000000000000000001',
  authToken: 'twilio-test-token',
  from: '+12025550100',
} as const

/** Numbers that are refused, with Twilio's code for it. */
export const REFUSED_NUMBERS: Readonly<Record<string, readonly [code: number, words: string]>> = {
  '+12025550001': [21211, "The 'To' number is not a valid phone number."],
  '+12025550010': [21610, 'Attempt to send to unsubscribed recipient'],
  '+12025550014': [21614, "'To' number is not a valid mobile number"],
  '+12025550008': [21408, 'Permission to send an SMS has not been enabled for the region'],
}

/** A message or call that Twilio took. */
export interface TwilioRequest {
  readonly sid: string
  readonly kind: 'sms' | 'voice'
  readonly form: URLSearchParams
}

export interface Twilio extends HttpVendor {
  /** What it took, oldest first. */
  readonly taken: readonly TwilioRequest[]
  /** Posts a signed form to a hook, as Twilio does. */
  post(url: string, form: Readonly<Record<string, string>>, how?: Posting): Promise<Response>
  /** Tells the status callback of a message or call that it has come so far. */
  tell(request: TwilioRequest, status: string, how?: Posting & { code?: number }): Promise<Response>
}

export interface Posting {
  /** What signs instead of the account's token. */
  readonly token?: string
  /** Where the URL is really reached, when the public one is another. */
  readonly via?: string
}

/** Twilio's REST API for messages and calls, and the hooks that it calls. */
export async function startTwilio(port = 0): Promise<Twilio> {
  const taken: TwilioRequest[] = []
  const vendor = await startHttpVendor({
    port,
    answer(post) {
      const answer = answerTo(post)
      if ('sid' in answer) taken.push(answer)
      return 'sid' in answer ? created(answer) : answer
    },
  })
  const post: Twilio['post'] = (url, form, { token = TWILIO.authToken, via } = {}) => {
    const { pathname, search } = new URL(url)
    return fetch(via === undefined ? url : via + pathname + search, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        'x-twilio-signature': sign(token, url, form),
      },
      body: new URLSearchParams(form),
    })
  }
  return {
    ...vendor,
    get attempts() {
      return vendor.attempts
    },
    taken,
    post,
    clear() {
      vendor.clear()
      taken.length = 0
    },
    async tell({ sid, kind, form }, status, { code, ...how } = {}) {
      const url = form.get('StatusCallback')
      if (url === null) throw new Error(`${sid} has no status callback`)
      const name = kind === 'sms' ? 'Message' : 'Call'
      return post(
        url,
        {
          AccountSid: TWILIO.accountSid,
          [`${name}Sid`]: sid,
          [`${name}Status`]: status,
          To: form.get('To') ?? '',
          ...(code === undefined ? {} : { ErrorCode: String(code) }),
        },
        how,
      )
    },
  }
}

let made = 0

function answerTo({ method, path, headers, body }: Post): Answer | TwilioRequest {
  const [, account, kind] =
    /^\/2010-04-01\/Accounts\/(AC\w+)\/(Messages|Calls)\.json$/.exec(path) ?? []
  if (method !== 'POST' || kind === undefined) return refusal(404, 20404, 'Not found')
  const login = Buffer.from(`${TWILIO.accountSid}:${TWILIO.authToken}`).toString('base64')
  if (account !== TWILIO.accountSid || headers.authorization !== `Basic ${login}`) {
    return refusal(401, 20003, 'Authenticate')
  }
  const form = new URLSearchParams(body)
  const refused = REFUSED_NUMBERS[form.get('To') ?? '']
  if (refused !== undefined) return refusal(400, ...refused)
  const wrong = complaint(form, kind)
  if (wrong !== null) return refusal(400, ...wrong)
  made += 1
  const sid = `${kind === 'Messages' ? 'SM' : 'CA'}${String(made).padStart(32, '0')}`
  return { sid, kind: kind === 'Messages' ? 'sms' : 'voice', form }
}

function complaint(form: URLSearchParams, kind: string): readonly [number, string] | null {
  if (!/^\+[1-9]\d{6,14}$/.test(form.get('To') ?? '')) return [21211, "Invalid 'To' Phone Number"]
  const sender = form.get('From') ?? form.get('MessagingServiceSid')
  if (!sender) return [21603, "A 'From' phone number is required"]
  if (kind === 'Calls') {
    const script = form.get('Twiml') ?? ''
    if (script === '') return [21205, 'Url parameter is required']
    return script.length > 4000 ? [20001, 'The Twiml parameter exceeds 4000 characters'] : null
  }
  const text = form.get('Body') ?? ''
  if (text === '') return [21602, 'Message body is required']
  return text.length > 1600
    ? [21617, 'The concatenated message body exceeds 1600 characters']
    : null
}

function created({ sid, form }: TwilioRequest): Answer {
  const [to, from, body] = ['To', 'From', 'Body'].map((name) => form.get(name))
  return { status: 201, body: { sid, status: 'queued', to, from, body, error_code: null } }
}

function refusal(status: number, code: number, message: string): Answer {
  const more_info = `https://www.twilio.com/docs/errors/${code}`
  return { status, body: { code, message, more_info, status } }
}

/** Twilio's signature: HMAC-SHA1 over the URL and the sorted fields. */
function sign(token: string, url: string, form: Readonly<Record<string, string>>): string {
  const fields = Object.keys(form)
    .sort()
    .map((name) => name + form[name])
  return createHmac('sha1', token)
    .update(url + fields.join(''))
    .digest('base64')
}
