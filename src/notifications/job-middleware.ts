import type { Recipient } from './recipient.ts'

/** What a step around a delivery sees. */
export interface JobContext {
  readonly notification: object
  readonly to: Recipient
  readonly channel: string
}

/**
 * A step around handing a notification to a provider, in the worker. One that
 * does not call `next` keeps it; one that throws has it tried again.
 */
export type JobMiddleware = (context: JobContext, next: () => Promise<void>) => Promise<void>

/** The last step, within all the others. */
export function through(
  steps: readonly JobMiddleware[],
  context: JobContext,
  last: () => Promise<void>,
): Promise<void> {
  return steps.reduceRight<() => Promise<void>>((next, step) => () => step(context, next), last)()
}
