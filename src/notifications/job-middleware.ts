import type { JobStep } from '../queue/job-step.ts'
import type { Recipient } from './recipient.ts'

/** What a step around a delivery sees. */
export interface JobContext {
  readonly notification: object
  readonly to: Recipient
  readonly channel: string
}

/** A step around handing a notification to a provider. */
export type JobMiddleware = JobStep<JobContext>
