import { applies, type CompiledRule } from '../services/rules/filter-rule.ts'
import { type Clock, type Context, Expired, Filtered, type RouteMiddleware } from '../src/index.ts'
import { explained } from './explained.ts'

export interface NotificationFilterOptions {
  readonly clock: Clock
  /** The declared rules, asked for with every message because they may be reread. */
  readonly rules?: () => readonly CompiledRule[]
  /** Told of every message that is dropped, for counting. */
  readonly onDropped?: (rule: string) => void
  /** From 0 to 1, for `sample`. */
  readonly random?: () => number
}

type Payload = Readonly<Record<string, unknown>>

const MAX_TITLE = 200
const MAX_MESSAGE = 4000
const MAX_BYTES = 64 * 1024
/** Mails carry their body and attachments; they end at the limit of every payload. */
const MAIL_ROUTE = 'notifications/email/'
/** What people are shown. */
const TEXT_FIELDS = ['title', 'message', 'subject', 'source'] as const
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g

/**
 * Drops what nobody should be bothered with: first by the rules that always
 * hold (replayed, expired, empty, too long), then by the declared ones, of which
 * the first that allows or drops decides. Raises `Expired`, or `Filtered` with
 * the rule's name as its reason. Control characters are taken out of the text.
 */
export function notificationFilter(options: NotificationFilterOptions): RouteMiddleware {
  const { clock, rules = () => [], onDropped = () => {}, random = Math.random } = options

  function sift(context: Context): void {
    const declared = rules()
    if (context.retained && !declared.some((rule) => letsReplay(rule, context))) {
      throw new Filtered('retained', 'The broker replayed this message; it is not news.')
    }
    const payload = payloadOf(context)
    if (payload !== null) {
      assertAlive(payload, clock.now())
      context.payload = cleaned(payload)
      assertContent(context, context.payload as Payload)
    }
    for (const rule of declared) {
      if (applies(rule, context) && act(rule, context, random) === 'decided') return
    }
  }

  return explained('notificationFilter', (context, next) => {
    try {
      sift(context)
    } catch (error) {
      if (error instanceof Filtered) onDropped(error.reason)
      if (error instanceof Expired) onDropped('expired')
      throw error
    }
    return next()
  })
}

function payloadOf({ payload }: Context): Payload | null {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return null
  return payload as Payload
}

function letsReplay(rule: CompiledRule, context: Context): boolean {
  return rule.action === 'allow' && rule.retained === 'accept' && applies(rule, context)
}

function assertAlive({ expires_at: expiresAt }: Payload, now: number): void {
  const at = momentOf(expiresAt)
  if (at !== null && at <= now) throw new Expired('The message expired before it arrived.')
}

/** Epoch seconds or ISO 8601; what is neither is left to the validation. */
function momentOf(value: unknown): number | null {
  if (typeof value === 'number') return value * 1000
  if (typeof value !== 'string' || value === '') return null
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000
  const hasOffset = value.length <= 10 || /(Z|[+-]\d\d:?\d\d)$/i.test(value)
  const at = Date.parse(hasOffset ? value : `${value}Z`)
  return Number.isNaN(at) ? null : at
}

function cleaned(payload: Payload): Payload {
  let changed = payload
  for (const name of TEXT_FIELDS) {
    const text = payload[name]
    if (typeof text !== 'string') continue
    const clean = text.replace(CONTROLS, '')
    if (clean !== text) changed = { ...changed, [name]: clean }
  }
  return changed
}

function assertContent({ target }: Context, payload: Payload): void {
  const { title, message } = payload
  if (typeof message === 'string' && message.trim() === '') {
    throw new Filtered('empty_message', 'The message is empty.')
  }
  assertLength('title', title, MAX_TITLE)
  assertLength('message', message, MAX_MESSAGE)
  if (target.startsWith(MAIL_ROUTE)) return
  if (roomAfter(payload, MAX_BYTES) >= 0) return
  if (Buffer.byteLength(JSON.stringify(payload)) > MAX_BYTES) {
    throw new Filtered('content_limit', `A notification has at most ${MAX_BYTES} bytes.`)
  }
}

/** The bytes that are left of `room` when a value is written as JSON, or fewer: quick to find. */
function roomAfter(value: unknown, room: number): number {
  // A character takes at most six bytes (`\u0007`), a number at most 25.
  if (typeof value === 'string') return room - 2 - 6 * value.length
  if (typeof value !== 'object' || value === null) return room - 25
  let left = room - 2
  if (Array.isArray(value)) {
    for (const one of value) if (left >= 0) left = roomAfter(one, left - 1)
    return left
  }
  for (const name in value) {
    if (left < 0) break
    left = roomAfter((value as Payload)[name], left - 4 - 6 * name.length)
  }
  return left
}

function assertLength(name: string, text: unknown, most: number): void {
  if (typeof text === 'string' && text.length > most) {
    throw new Filtered('content_limit', `The ${name} has at most ${most} characters.`)
  }
}

function act(rule: CompiledRule, context: Context, random: () => number): 'decided' | 'open' {
  const payload = payloadOf(context)
  switch (rule.action) {
    case 'allow':
      return 'decided'
    case 'drop':
      throw dropped(rule)
    case 'sample':
      if (random() >= rule.rate) throw dropped(rule)
      return 'open'
    case 'set':
      if (payload !== null) context.payload = { ...payload, ...rule.set }
      return 'open'
    case 'tag': {
      const before = Array.isArray(payload?.tags) ? payload.tags : []
      const tags = [...new Set([...before, ...rule.tags])]
      if (payload !== null) context.payload = { ...payload, tags }
      return 'open'
    }
  }
}

function dropped(rule: CompiledRule): Filtered {
  return new Filtered(rule.name, `The rule ${JSON.stringify(rule.name)} drops this message.`)
}
