import type { DeliveryJob } from '../deliveries/delivery-job.ts'

/** What came of a part of a try: one provider of several, or one device of many. */
export interface PartOutcome {
  readonly provider: string
  readonly outcome: string
  /** Which device, shortened; absent where the part is a provider. */
  readonly to?: string
  readonly reason?: string
  readonly id?: string
}

/** What a sender says of one try. Only the sender knows whether trying again may help. */
export type SendOutcome = Verdict & {
  /** Who of several gave the last word. Default: the provider that was asked. */
  readonly provider?: string
  /** What happened on the way to it. */
  readonly parts?: readonly PartOutcome[]
}

type Verdict =
  /** The provider took it; `id` is its own name for the message. `delivered`: it said so at once. */
  | { readonly status: 'sent' | 'delivered'; readonly id?: string; readonly detail?: string }
  /**
   * Refused for now: worth another try, not before `retryAfterMs` if the provider named a time.
   * `content` is what the next try does differently, such as whom it leaves out.
   */
  | {
      readonly status: 'retry'
      readonly reason: string
      readonly retryAfterMs?: number
      readonly content?: object
      /** The recipient was the trouble, not the provider: it says nothing about its health. */
      readonly isAboutRecipient?: boolean
      /** Somebody put it back, exactly until then: it did not fail. */
      readonly isRelease?: boolean
    }
  /**
   * The provider could not be reached at all: waiting uses no attempt up. `retryAfterMs`:
   * nobody is asked before that.
   */
  | {
      readonly status: 'unreachable'
      readonly reason: string
      readonly retryAfterMs?: number
      readonly content?: object
    }
  /** Not tried, because its turn comes later: waits for so long and uses no attempt up. */
  | { readonly status: 'postponed'; readonly reason: string; readonly retryAfterMs: number }
  /** Refused for good. */
  | { readonly status: 'failed'; readonly reason: string }
  /** Nobody to send to, or not wanted any more. */
  | { readonly status: 'skipped'; readonly reason: string }
  /** The answer was lost after the request went out: it may have arrived, and is not sent again. */
  | { readonly status: 'uncertain'; readonly reason: string }

/** One provider of one delivery channel: the only place that knows its vendor. */
export interface Provider<Content extends object = object> {
  /** `smtp`, `twilio`, `outbox` …: shown in records, metrics and `/readyz?verbose`. */
  readonly name: string
  send(job: DeliveryJob<Content>, signal: AbortSignal): Promise<SendOutcome>
  /** Whether it can be reached with these credentials; rejects with the reason. */
  verify?(): Promise<void>
  close?(): Promise<void>
}

/** Any thrown value that means "no connection came about". */
export function isUnreachable(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return (
    typeof code === 'string' &&
    ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EDNS'].includes(code)
  )
}
