import fc from 'fast-check'
import { describe, it } from 'vitest'
import { ModelRun } from './store/model-run.ts'
import { steps } from './store/steps.ts'
import type { StoreTestOptions, StoreUnderTest } from './store/subject.ts'

const DAY_MS = 86_400_000

/**
 * Random writes, takings and waits against a plain model: after every step all
 * that can be read of the store is what the model says.
 */
export function describeStoreModel(
  name: string,
  setUp: () => Promise<StoreUnderTest>,
  options: StoreTestOptions & { readonly numRuns?: number } = {},
): void {
  const ttls = options.realTime ? [0, DAY_MS] : [0, 1_000, 60_000]
  describe(`${name} and the model`, () => {
    it('agree after any sequence of steps', async () => {
      await fc.assert(
        fc.asyncProperty(steps(ttls), async (sequence) => {
          const under = await setUp()
          try {
            const run = new ModelRun(under, { sessionTtlMs: options.realTime ? DAY_MS : 60_000 })
            for (const step of sequence) await run.step(step)
          } finally {
            await under.tearDown()
          }
        }),
        { numRuns: options.numRuns ?? 100 },
      )
    })
  })
}
