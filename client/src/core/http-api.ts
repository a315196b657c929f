import { ClientError } from './client-error.ts'
import type { Credentials } from './credentials.ts'
import type { NotificationPage } from './records.ts'

const TIMEOUT_MS = 15_000

/** What to list: everything that is not archived, newest first, unless told otherwise. */
export interface ListQuery {
  readonly unreadOnly?: boolean
  readonly archived?: boolean
  readonly type?: string
  readonly priority?: string
  readonly cursor?: string | null
  /** 1 to 100. Default: 15. */
  readonly limit?: number
}

interface Parts {
  /** Where the service is, without a slash at the end. */
  readonly base: () => string
  readonly credentials: Credentials
  readonly fetch: typeof fetch
}

/** The HTTP interface of the service. Every call throws `ClientError`. */
export class HttpApi {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** One call; a token that has ended is replaced once. */
  async call<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer> {
    const { credentials } = this.#parts
    try {
      return await this.#send<Answer>(method, path, body)
    } catch (error) {
      if (!isUnauthenticated(error) || !credentials.isRenewable) throw error
      credentials.renew()
      return this.#send<Answer>(method, path, body)
    }
  }

  list({ unreadOnly, ...query }: ListQuery): Promise<NotificationPage> {
    const wanted = Object.entries({ ...query, unread_only: unreadOnly })
    const given = wanted.filter(([, value]) => value !== undefined && value !== null)
    const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
    return this.call('GET', `/api/notifications?${search}`)
  }

  async #send<Answer>(method: string, path: string, body: unknown): Promise<Answer> {
    const { base, credentials } = this.#parts
    const token = await credentials.token()
    const headers: Record<string, string> = {}
    if (token !== null) headers.authorization = `Bearer ${token}`
    if (body !== undefined) headers['content-type'] = 'application/json'
    const url = new URL(base() + path)
    if (token === null && credentials.userId !== null) {
      url.searchParams.set('user_id', credentials.userId)
    }
    const answer = await this.#fetch(url, {
      method,
      headers,
      // What somebody does on his way to another page is done.
      keepalive: method !== 'GET',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const content: unknown = await answer.json().catch(() => null)
    if (answer.ok) return content as Answer
    const { code, detail } = (content ?? {}) as { code?: string; detail?: string }
    throw new ClientError(
      code ?? 'internal',
      detail ?? `The service answered with ${answer.status}.`,
      answer.status,
    )
  }

  async #fetch(url: URL, init: RequestInit): Promise<Response> {
    try {
      return await this.#parts.fetch(url, init)
    } catch (cause) {
      throw new ClientError('unreachable', `${url.origin} cannot be reached.`, 0, { cause })
    }
  }
}

/** Whether the service does not know who we are: trying again as we are is of no use. */
export function isUnauthenticated(error: unknown): boolean {
  return error instanceof ClientError && error.status === 401
}
