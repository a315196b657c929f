/** How many of the calls that were asked for are let through, and when more will be. */
export interface Allowance {
  readonly granted: number
  readonly remaining: number
  /** Epoch milliseconds at which at least one more call fits. */
  readonly resetsAt: number
}

/** One key with everything that is under it, as `keys()` lists it. */
export type StoredKey = {
  readonly partition: number
  /** Without prefix and partition tag. */
  readonly key: string
  /** Milliseconds left; `null` without expiry. */
  readonly ttlMs: number | null
} & (
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'list'; readonly value: readonly string[] }
  | { readonly kind: 'set'; readonly value: readonly string[] }
  | { readonly kind: 'zset'; readonly value: readonly (readonly [string, number])[] }
  | { readonly kind: 'hash'; readonly value: Readonly<Record<string, string>> }
)

/** A part of a set. */
export interface Page {
  readonly members: readonly string[]
  /** Where to go on; `null` when there is nothing more. */
  readonly cursor: string | null
}
