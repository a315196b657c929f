/**
 * A step around the work of a job, in the worker. One that does not call `next`
 * keeps it from being done; one that throws has it tried again.
 */
export type JobStep<Context> = (context: Context, next: () => Promise<void>) => Promise<void>

/** The last step, within all the others. */
export function through<Context>(
  steps: readonly JobStep<Context>[],
  context: Context,
  last: () => Promise<void>,
): Promise<void> {
  return steps.reduceRight<() => Promise<void>>((next, step) => () => step(context, next), last)()
}

/**
 * Thrown where a job should wait: `throw new Release(30)` puts it back for so many
 * seconds. That is a try, and no failure.
 */
export class Release extends Error {
  override readonly name = 'Release'
  readonly seconds: number

  constructor(seconds = 0) {
    super(`put back for ${seconds} s`)
    this.seconds = seconds
  }
}
