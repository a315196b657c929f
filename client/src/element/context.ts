import type { NotificationClient } from '../core/index.ts'
import type { Labels } from './labels.ts'

/** What the parts of a bell share. */
export interface BellContext {
  readonly client: NotificationClient
  readonly labels: Labels
  readonly locale: string
  /** Runs something that may be refused; a refusal is shown. */
  attempt(work: () => Promise<unknown>): void
  /** Tells the page by a DOM event; `false`: it takes care of it itself. */
  fire(name: string, detail: unknown): boolean
}
