import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    exclude: [
      ...['tests/faults/**', 'tests/browser/**', '**/*.long.test.ts'],
      '**/node_modules/**',
    ],
    // Ceilings for what hangs: on a slow machine nothing else may reach them.
    testTimeout: 90_000,
    hookTimeout: 120_000,
    // Tests wait for servers more than they work: one file more than cores keeps both busy.
    maxWorkers: 3,
    coverage: {
      provider: 'v8',
      include: ['src/**', 'routers/**', 'controllers/**', 'middleware/**', 'services/**'],
      reporter: ['text-summary'],
    },
  },
})
