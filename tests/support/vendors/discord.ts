import { type Answer, type HttpVendor, type Post, startHttpVendor } from './http-vendor.ts'

const LIMIT = 5
const WINDOW_MS = 2000

interface DiscordOptions {
  readonly port?: number
  /** Epoch milliseconds, for its rate limits. */
  readonly now?: () => number
}

/**
 * Discord's webhooks: five posts in two seconds to each, said in its headers;
 * limits of embeds as documented. A token `gone` is a webhook that was deleted.
 */
export function startDiscord({
  port = 0,
  now = Date.now,
}: DiscordOptions = {}): Promise<HttpVendor> {
  const buckets = new Map<string, { left: number; endsAt: number }>()
  let posted = 0

  return startHttpVendor({
    port,
    answer(post) {
      const [, id, token] = /^\/api\/(?:v\d+\/)?webhooks\/(\d+)\/([\w-]+)/.exec(post.path) ?? []
      if (id === undefined || token === 'gone') {
        return { status: 404, body: { message: 'Unknown Webhook', code: 10_015 } }
      }
      if (token === 'wrong') {
        return { status: 401, body: { message: 'Invalid Webhook Token', code: 50_027 } }
      }
      const headers = take(id)
      if (headers['x-ratelimit-remaining'] === '-1') return tooMany(headers)
      const wrong = complaint(post)
      if (wrong !== null) {
        return { status: 400, headers, body: { message: 'Invalid Form Body', code: 50_035, wrong } }
      }
      posted += 1
      if (!post.path.includes('wait=true')) return { status: 204, headers }
      return { status: 200, headers, body: { id: `11${String(posted).padStart(16, '0')}` } }
    },
  })

  function take(id: string): Record<string, string> {
    const known = buckets.get(id)
    const isOver = known === undefined || known.endsAt <= now()
    const bucket = isOver ? { left: LIMIT, endsAt: now() + WINDOW_MS } : known
    bucket.left = Math.max(-1, bucket.left - 1)
    buckets.set(id, bucket)
    return {
      'x-ratelimit-limit': String(LIMIT),
      'x-ratelimit-remaining': String(bucket.left),
      'x-ratelimit-reset': String(bucket.endsAt / 1000),
      'x-ratelimit-reset-after': String((bucket.endsAt - now()) / 1000),
      'x-ratelimit-bucket': `bucket-${id}`,
    }
  }
}

function tooMany(headers: Record<string, string>): Answer {
  const retry_after = Number(headers['x-ratelimit-reset-after'])
  return {
    status: 429,
    headers: {
      ...headers,
      'x-ratelimit-remaining': '0',
      'retry-after': String(Math.ceil(retry_after)),
      'x-ratelimit-scope': 'user',
    },
    body: { message: 'You are being rate limited.', retry_after, global: false },
  }
}

function complaint({ json }: Post): string | null {
  const { content = '', embeds = [] } = json ?? {}
  if (content === '' && embeds.length === 0) return 'empty message'
  if (content.length > 2000) return 'content'
  if (embeds.length > 10) return 'embeds'
  let total = 0
  for (const { title = '', description = '', footer, fields = [] } of embeds) {
    if (title.length > 256 || description.length > 4096) return 'embed'
    // biome-ignore lint/suspicious/noExplicitAny: whatever somebody posted.
    if (fields.some(({ name, value }: any) => !name || !value || value.length > 1024))
      return 'field'
    total += title.length + description.length + (footer?.text?.length ?? 0)
  }
  return total > 6000 ? 'embeds are too long together' : null
}
