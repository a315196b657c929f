import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

/** Pages in a real browser against the real service; two files side by side are enough for two cores. */
export default defineConfig({
  test: {
    root: join(import.meta.dirname, '..', '..'),
    include: ['tests/browser/**/*.test.ts'],
    globalSetup: ['tests/browser/support/build-dashboard.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
})
