/** Runs the rest of the pipeline. A step that does not call it ends the journey. */
export type Next = () => Promise<unknown>

/**
 * One step between a message arriving and its handler. One that decides without
 * waiting hands on what `next` returns: a promise of its own would cost every
 * message some turns of the microtask queue.
 */
export type Middleware<Context> = (context: Context, next: Next) => Promise<unknown>

/** Joins steps into one. Each step may call `next` at most once. */
export function compose<Context>(steps: readonly Middleware<Context>[]): Middleware<Context> {
  return function run(context, next) {
    let reached = -1

    function step(index: number): Promise<unknown> {
      if (index <= reached) return Promise.reject(new Error('next() called more than once'))
      reached = index
      const current = steps[index]
      if (current === undefined) return next()
      try {
        return current(context, () => step(index + 1))
      } catch (error) {
        return Promise.reject(error)
      }
    }

    return step(0)
  }
}
