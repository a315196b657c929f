/** How long the vendor takes for an answer. */
export const ANSWER_MS = 20
/** As many deliveries of a channel as a process works on at once. */
export const AT_ONCE = 64

/** What is to be delivered; the answer says how long it took. */
export type DeliveriesCommand =
  /** Webhooks and mails through queue, worker and provider. */
  | { readonly do: 'webhooks' | 'mails'; readonly count: number }
  /** The same mails, handed straight to a pool of nodemailer's. */
  | { readonly do: 'bare_mails'; readonly count: number }
