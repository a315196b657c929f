import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const isFull = process.env.BELFRY_FAULTS_FULL === '1'

/** Scenarios wait more than they work, so two run side by side; the big figures have the machine alone. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..', '..'),
    include: ['tests/faults/*.test.ts'],
    testTimeout: isFull ? 1_500_000 : 400_000,
    hookTimeout: 120_000,
    maxWorkers: isFull ? 1 : 2,
    reporters: ['verbose'],
  },
})
