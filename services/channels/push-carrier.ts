import type { PushNote } from './push-message.ts'

/** What became of a push notification on one device. */
export type DeviceOutcome =
  | { readonly status: 'sent'; readonly id?: string }
  /** The token is gone for good: nothing will ever reach it. */
  | { readonly status: 'dead'; readonly reason: string }
  /** Refused for good; the token may be well. */
  | { readonly status: 'failed'; readonly reason: string }
  | { readonly status: 'retry'; readonly reason: string; readonly retryAfterMs?: number }
  | {
      readonly status: 'unreachable'
      readonly reason: string
      /** Devices of this kind are the trouble, not the service: it says nothing about its health. */
      readonly isAboutRecipient?: boolean
    }

/** One service that carries push notifications to devices. */
export interface PushCarrier {
  /** `fcm`, `apns`, `webpush`. */
  readonly name: string
  /** One outcome for each token, in their order. Rejecting is for bugs. */
  send(note: PushNote, tokens: readonly string[], signal: AbortSignal): Promise<DeviceOutcome[]>
  close?(): Promise<void>
}
