import { defineConfig } from 'vitest/config'

/** What takes many processes, or is looked at once before a change is taken: `*.long.test.ts`. */
export default defineConfig({
  test: {
    include: ['tests/**/*.long.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
  },
})
