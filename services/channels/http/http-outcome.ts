import type { SendOutcome } from '../channel.ts'
import type { Answered } from './exchange.ts'
import type { HttpResult } from './guarded-sender.ts'

/** Nobody may make a delivery wait longer than this. */
const LONGEST_WAIT_MS = 24 * 3_600_000

/** Statuses that are worth another try, besides all of 5xx (spec of HTTP: RFC 9110, 8470, 6585). */
const TRY_AGAIN = [408, 425, 429]

interface Reading {
  /** Epoch milliseconds, for `Retry-After` dates. */
  readonly now: number
  /**
   * What becomes of a post whose answer was lost: receivers that know a message
   * by its id may get it again, a chat would show it twice.
   */
  readonly lost: 'retry' | 'uncertain'
  /** The vendor's own word for what it refused; `null`: the beginning of the answer. */
  readonly word?: string | null
}

/** What an HTTP exchange means for a delivery, where the vendor has no words of its own. */
export function outcomeOf(result: HttpResult, { now, lost, word = null }: Reading): SendOutcome {
  switch (result.kind) {
    case 'refused':
      return { status: 'failed', reason: `refused: ${result.reason}` }
    case 'unreachable':
      return { status: 'unreachable', reason: result.reason }
    case 'lost':
      return { status: lost, reason: `sent, but the answer was lost: ${result.reason}` }
    case 'answered':
      return outcomeOfAnswer(result, now, word)
  }
}

function outcomeOfAnswer(answer: Answered, now: number, word: string | null): SendOutcome {
  const { status } = answer
  if (status < 300) return { status: 'sent' }
  const reason = `answered ${status}${word ? `: ${word}` : ''}`
  if (status < 400) return { status: 'failed', reason: `${reason}; redirects are not followed` }
  if (status < 500 && !TRY_AGAIN.includes(status)) return { status: 'failed', reason }
  const retryAfterMs = retryAfterOf(answer, now)
  return { status: 'retry', reason, ...(retryAfterMs === null ? {} : { retryAfterMs }) }
}

/**
 * `Retry-After` as milliseconds from now, at most a day (RFC 9110 §10.2.3: seconds
 * or a date; fractions of seconds, as some send them, are taken). `null` without one.
 */
export function retryAfterOf({ headers }: Pick<Answered, 'headers'>, now: number): number | null {
  const text = headers['retry-after']?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return waitOf(Number(text) * 1000)
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : waitOf(date - now)
}

/** A wait that somebody else asks for, within bounds. Milliseconds. */
export function waitOf(ms: number): number {
  return Math.ceil(Math.min(Math.max(ms, 0), LONGEST_WAIT_MS))
}

/** The body of an answer as a JSON object; an empty one when it is something else. */
export function jsonOf({ body }: Pick<Answered, 'body'>): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {} // Gateways answer in HTML: then the status has to do.
  }
}

/**
 * Taken, under the vendor's own name for the message. Without one it may be a page
 * of somebody in between, unless the rest of the answer was lost.
 */
export function sentAs(answer: Answered, id: unknown): SendOutcome {
  if (typeof id === 'string' || typeof id === 'number') return { status: 'sent', id: String(id) }
  return answer.isComplete ? unclear(answer) : { status: 'sent' }
}

/** An answer that is none of the vendor's. */
export function unclear({ status }: Answered): SendOutcome {
  return { status: 'uncertain', reason: `answered ${status} without saying whether` }
}

/** A vendor's word, fit for a record: one short line of plain characters. */
export function wordOf(value: unknown): string | null {
  if (typeof value !== 'string') return null
  const line = value.replace(/[^\x20-\x7e]+/g, ' ').trim()
  return line === '' ? null : line.slice(0, 120)
}
