import { readFileSync } from 'node:fs'
import { importPKCS8, SignJWT } from 'jose'
import { type Clock, messageOf } from '../../src/index.ts'
import type { GuardedSender } from './http/guarded-sender.ts'
import { jsonOf, wordOf } from './http/http-outcome.ts'

/** What of a service account is needed to act as it. */
export interface ServiceAccount {
  readonly projectId: string
  readonly clientEmail: string
  /** PEM. */
  readonly privateKey: string
  /** Where tokens are given out. */
  readonly tokenUrl: string
}

const TOKEN_URL = 'https://oauth2.googleapis.com/token'
/** How errors begin that waiting may mend: Firebase's client keeps nothing of them but their words. */
export const TOKEN_SERVICE_AWAY = 'the token service is away'
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging'
const TOKEN_SECONDS = 3600

/** The account in a JSON file as Google gives it out. Throws when the file has none. */
export function readServiceAccount(file: string): ServiceAccount {
  const fields = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>>
  const text = (name: string) => {
    const value = fields[name]
    if (typeof value === 'string' && value !== '') return value
    throw new Error(`${file} has no ${name}: it is no service account`)
  }
  return {
    projectId: text('project_id'),
    clientEmail: text('client_email'),
    privateKey: text('private_key'),
    tokenUrl: typeof fields.token_uri === 'string' ? fields.token_uri : TOKEN_URL,
  }
}

/** The same from its parts. */
export function serviceAccount(parts: Omit<ServiceAccount, 'tokenUrl'>): ServiceAccount {
  return { ...parts, tokenUrl: TOKEN_URL }
}

interface Parts {
  readonly account: ServiceAccount
  readonly sender: Pick<GuardedSender, 'post'>
  readonly clock: Clock
}

/**
 * A token for Google's services, from a signed statement of who we are (RFC 7523).
 * Firebase's own client can do this too, but only from one address. Rejects with
 * Google's words, or why there were none.
 */
export async function fetchGoogleToken({ account, sender, clock }: Parts) {
  const assertion = await statementOf(account, clock.now())
  const result = await sender.post(
    {
      url: account.tokenUrl,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ grant_type: GRANT, assertion }).toString(),
      isTrusted: true,
    },
    new AbortController().signal,
  )
  if (result.kind !== 'answered') throw new Error(`${TOKEN_SERVICE_AWAY}: ${result.reason}`)
  if (result.status === 429 || result.status >= 500) {
    throw new Error(`${TOKEN_SERVICE_AWAY}: answered ${result.status}`)
  }
  const { access_token, expires_in, error_description, error } = jsonOf(result)
  if (typeof access_token !== 'string') {
    const word = wordOf(error_description) ?? wordOf(error) ?? 'no reason given'
    throw new Error(`no token: answered ${result.status}: ${word}`)
  }
  const seconds = typeof expires_in === 'number' ? expires_in : TOKEN_SECONDS
  return { access_token, expires_in: seconds }
}

async function statementOf(account: ServiceAccount, now: number): Promise<string> {
  const { clientEmail, privateKey, tokenUrl } = account
  const seconds = Math.floor(now / 1000)
  try {
    return await new SignJWT({ scope: SCOPE })
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT' })
      .setIssuer(clientEmail)
      .setAudience(tokenUrl)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + TOKEN_SECONDS)
      .sign(await importPKCS8(privateKey, 'RS256'))
  } catch (error) {
    throw new Error(`the private key cannot be used: ${messageOf(error)}`, { cause: error })
  }
}
