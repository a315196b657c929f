import { createHmac, timingSafeEqual } from 'node:crypto'
import { parseJson } from '../../src/index.ts'
import {
  fieldsOf,
  LINK_LIFETIME_MS,
  LINK_PATHS,
  type Link,
  type LinkKind,
  type LinkOf,
  linkOf,
} from './link.ts'

/** 128 bits: more than anybody can guess, and a link stays short. */
const SIGNATURE_BYTES = 16
const TOKEN = /^([A-Za-z0-9_-]{1,2000})\.([A-Za-z0-9_-]{22})$/

/** What a token says. `expired` was a good one. */
export type Read<Kind extends LinkKind> =
  | { readonly status: 'good'; readonly link: LinkOf<Kind>; readonly expiresAt: number }
  | { readonly status: 'expired'; readonly link: LinkOf<Kind> }
  | { readonly status: 'invalid' }

interface Parts {
  /** What signs; asked for once. */
  readonly secret: () => Promise<string>
  /** What our addresses begin with from outside. */
  readonly publicUrl: () => string
}

/**
 * Makes and reads signed links: `<fields>.<HMAC-SHA256 of kind, end and fields>`,
 * both base64url. Nothing is stored for them, so a mail costs no write.
 */
export class LinkSigner {
  readonly #parts: Parts
  #key: Promise<string> | null = null

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The token of a link that holds from `from` (epoch ms): the same link at the same moment has the same. */
  async token(link: Link, from: number): Promise<string> {
    const expiresAt = Math.ceil((from + LINK_LIFETIME_MS[link.kind]) / 1000)
    const content = [LINK_PATHS[link.kind], expiresAt, ...fieldsOf(link)]
    const body = Buffer.from(JSON.stringify(content)).toString('base64url')
    return `${body}.${await this.#sign(body)}`
  }

  async url(link: Link, from: number): Promise<string> {
    const token = await this.token(link, from)
    return `${this.#parts.publicUrl()}/${LINK_PATHS[link.kind]}/${token}`
  }

  /** Reads a token of one kind; `now` in epoch ms. */
  async read<Kind extends LinkKind>(kind: Kind, token: string, now: number): Promise<Read<Kind>> {
    const [, body, signature] = TOKEN.exec(token) ?? []
    if (body === undefined || signature === undefined) return INVALID
    const expected = await this.#sign(body)
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(expected))) return INVALID
    const content = parseJson(Buffer.from(body, 'base64url').toString()) as (string | number)[]
    const [letter, seconds, ...fields] = content
    if (letter !== LINK_PATHS[kind]) return INVALID
    const link = linkOf(kind, fields as readonly (string | null)[])
    const expiresAt = Number(seconds) * 1000
    return expiresAt > now ? { status: 'good', link, expiresAt } : { status: 'expired', link }
  }

  async #sign(body: string): Promise<string> {
    this.#key ??= this.#parts.secret().catch((error: unknown) => {
      // A store that was away is asked again.
      this.#key = null
      throw error
    })
    const hmac = createHmac('sha256', await this.#key).update(`belfry-link:${body}`)
    return hmac.digest().subarray(0, SIGNATURE_BYTES).toString('base64url')
  }
}

const INVALID = { status: 'invalid' } as const
