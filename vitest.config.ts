import { defineConfig } from 'vitest/config'

const ELSEWHERE = ['tests/faults/**', 'tests/browser/**', '**/*.long.test.ts', '**/node_modules/**']

export default defineConfig({
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['tests/unit/**/*.test.ts'],
          exclude: ELSEWHERE,
          // They start nothing and leave nothing: modules are loaded once for all of them.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['tests/**/*.test.ts'],
          exclude: [...ELSEWHERE, 'tests/unit/**'],
        },
      },
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
