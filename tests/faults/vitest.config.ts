import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const isFull = process.env.BELFRY_FAULTS_FULL === '1'

/** Scenarios wait more than they work, so two run side by side; the big figures have the machine alone. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..', '..'),
    include: ['tests/faults/*.test.ts'],
    testTimeout: isFull ? 1_500_000 : 150_000,
    hookTimeout: 60_000,
    // A shared machine may stand still for seconds: what fails twice is broken, once is reported.
    retry: process.env.CI ? 1 : 0,
    maxWorkers: isFull ? 1 : 2,
    reporters: ['verbose'],
  },
})
