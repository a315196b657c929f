import {
  type Context,
  Forbidden,
  InvalidPayload,
  isSafeId,
  type Principal,
  type RouteMiddleware,
  Unauthenticated,
} from '../src/index.ts'
import { explained } from './explained.ts'

/** What this step asks of the access service. */
export interface Authenticator {
  readonly mode: 'off' | 'token'
  authenticate(credential: string): Promise<Principal>
  claimed(userId: string): Principal
}

interface AuthenticateOptions {
  readonly access: Authenticator
  /** Whether a text has the form of a credential; such a text is never stored. */
  readonly looksLikeCredential: (text: string) => boolean
}

const NOBODY = 'anonymous'
const IN_PAYLOAD = ['token', 'authorization'] as const

/**
 * Finds out who is behind a message: the connection's identity where the door
 * proved one, else the bearer token of a header or user property, else (MQTT)
 * the payload's `token`, which is taken out. On MQTT the topic must be one that
 * the principal may publish on. Where authentication is off, callers are
 * whoever `X-Belfry-User`, `user_id` or nobody says, with every role.
 */
export function authenticate(options: AuthenticateOptions): RouteMiddleware {
  const { access, looksLikeCredential } = options

  function admit(context: Context, principal: Principal, shown: string | null): void {
    context.principal = principal
    removeCredentials(context, shown)
    assertTopic(context, principal)
  }

  async function proved(shown: string | null): Promise<Principal> {
    if (shown === null) throw new Unauthenticated('No token or API key was shown.')
    return access.authenticate(shown)
  }

  function claimed(context: Context): Principal {
    const words = context.meta['x-belfry-user'] ?? claimedIn(context) ?? NOBODY
    if (isSafeId(words)) return access.claimed(words)
    throw new InvalidPayload('The user id that was given cannot be one.', [
      { path: 'user_id', message: 'must be 1 to 128 letters, digits or _ - = @ . : | ~' },
    ])
  }

  /** A push message has a `token` too, that of a device: only what was used, or looks it, goes. */
  function removeCredentials(context: Context, shown: string | null): void {
    const payload = payloadOf(context)
    if (payload === null || IN_PAYLOAD.every((name) => payload[name] === undefined)) return
    const isCredential = (value: unknown) =>
      typeof value === 'string' &&
      (looksLikeCredential(strip(value)) || (access.mode !== 'off' && strip(value) === shown))
    const found = IN_PAYLOAD.filter((name) => isCredential(payload[name]))
    if (found.length === 0) return
    const kept = Object.entries(payload).filter(([name]) => !found.some((each) => each === name))
    context.payload = Object.fromEntries(kept)
  }

  return explained('authenticate', (context, next) => {
    const shown = bearer(context.meta.authorization) ?? fromPayload(context)
    const known = context.principal ?? (access.mode === 'off' ? claimed(context) : null)
    if (known !== null) {
      admit(context, known, shown)
      return next()
    }
    return proved(shown).then((principal) => {
      admit(context, principal, shown)
      return next()
    })
  })
}

/** The token of `Bearer <token>`; a user property may hold it bare. */
function bearer(header: string | undefined): string | null {
  return header === undefined ? null : strip(header)
}

function strip(value: string): string {
  return value.replace(/^bearer\s+/i, '').trim()
}

function fromPayload(context: Context): string | null {
  if (context.door !== 'mqtt') return null
  const payload = payloadOf(context)
  for (const name of IN_PAYLOAD) {
    const value = payload?.[name]
    if (typeof value === 'string') return strip(value)
  }
  return null
}

function claimedIn(context: Context): unknown {
  if (typeof context.query.user_id === 'string') return context.query.user_id
  const inPayload = context.door === 'mqtt' ? payloadOf(context)?.user_id : undefined
  return typeof inPayload === 'string' && isSafeId(inPayload) ? inPayload : undefined
}

function payloadOf({ door, payload }: Context): Readonly<Record<string, unknown>> | null {
  if (door !== 'mqtt' || typeof payload !== 'object' || payload === null) return null
  return Array.isArray(payload) ? null : (payload as Readonly<Record<string, unknown>>)
}

function assertTopic({ door, target }: Context, principal: Principal): void {
  if (door !== 'mqtt' || principal.topics === null) return
  if (principal.topics.some((pattern) => matchesTopic(pattern, target))) return
  throw new Forbidden('This credential may not publish on this topic.')
}

/** Whether a topic is one of a pattern with `+`, `#` or `{name}` for a level (MQTT 3.1.1 §4.7). */
export function matchesTopic(pattern: string, topic: string): boolean {
  const wanted = pattern.split('/')
  const levels = topic.split('/')
  if (topic.startsWith('$') && /^[+#{]/.test(pattern)) return false
  for (const [index, want] of wanted.entries()) {
    if (want === '#') return index === wanted.length - 1
    const level = levels[index]
    if (level === undefined) return false
    const isAny = want === '+' || /^\{[^{}]*\}$/.test(want)
    if (!isAny && want !== level) return false
  }
  return wanted.length === levels.length
}
