/** A token, or how to get one; a function is asked again when its last token has ended. */
export type TokenSource = string | (() => string | Promise<string>)

/** Who we are: a token, or a bare user id where the service has authentication off. */
export class Credentials {
  readonly userId: string | null
  #source: TokenSource | null
  #token: Promise<string> | null = null

  constructor(source: TokenSource | undefined, userId: string | undefined) {
    this.#source = source ?? null
    this.userId = userId ?? null
  }

  /** Whether another try may bring another token. */
  get isRenewable(): boolean {
    return typeof this.#source === 'function'
  }

  replace(source: TokenSource): void {
    this.#source = source
    this.#token = null
  }

  async token(): Promise<string | null> {
    const source = this.#source
    if (source === null || typeof source === 'string') return source
    this.#token ??= Promise.resolve().then(source)
    try {
      return await this.#token
    } catch (error) {
      this.#token = null
      throw error
    }
  }

  /** The last token is not taken any more. */
  renew(): void {
    this.#token = null
  }

  /** The user's id: as told, or as the token says; `null` where neither does. */
  async user(): Promise<string | null> {
    return this.userId ?? claimsOf(await this.token()).sub ?? null
  }

  /** The same for all tabs of one user, and different for different ones; it gives nothing away. */
  async identity(): Promise<string> {
    const token = await this.token()
    const { sub, tenant = '' } = claimsOf(token)
    return hash(sub === undefined ? `${this.userId}|${token}` : `${sub}|${tenant}`)
  }
}

function claimsOf(token: string | null): { readonly sub?: string; readonly tenant?: string } {
  const payload = token?.split('.')[1]
  if (payload === undefined) return {}
  try {
    const bytes = atob(payload.replace(/-/g, '+').replace(/_/g, '/'))
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))
    return JSON.parse(text) as { sub?: string }
  } catch {
    return {}
  }
}

/** FNV-1a twice, with different beginnings. */
function hash(text: string): string {
  const half = (start: number) => {
    let value = start
    for (let at = 0; at < text.length; at++) {
      value = Math.imul(value ^ text.charCodeAt(at), 0x01000193)
    }
    return (value >>> 0).toString(36)
  }
  return half(0x811c9dc5) + half(0x2545f491)
}
