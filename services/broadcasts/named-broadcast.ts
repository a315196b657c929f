import type { Priority } from '../../src/index.ts'

/** What the named broadcasts of seed 002 are called. */
export const BROADCAST_KINDS = [
  'large-donation',
  'campaign-milestone',
  'campaign-progress',
  'approval-needed',
  'payment-failed',
  'security-alert',
  'maintenance',
  'compliance',
  'general',
] as const
export type BroadcastKind = (typeof BROADCAST_KINDS)[number]

/** An event of ours, with where it goes and who keeps a record of it. */
export interface NamedBroadcast {
  readonly kind: BroadcastKind
  readonly event: string
  readonly channels: readonly string[]
  readonly title: string
  readonly message: string
  readonly priority: Priority
  /** Whether it goes by the queue that waits for nobody. */
  readonly isCritical: boolean
  /** Whose members find it in their inbox too; none: it is only shown. */
  readonly roles: readonly string[]
  /** The fields of its kind, in snake_case. */
  readonly data: Readonly<Record<string, unknown>>
}

/** An amount as people read it: `1,250.00 EUR`. */
export function money(amount: number, currency: string): string {
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 2 }
  return `${amount.toLocaleString('en-US', digits)} ${currency}`
}

/** The channel that only administrators of a role may join. */
export function adminRole(role: string): string {
  return `admin-role-${role}`
}
