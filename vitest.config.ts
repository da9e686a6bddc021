import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** The same for everyone and every change (ADR 14); `FC_SEED=n` tries another. */
const seed = '20261129'

const project = (name: string, include: string[], testTimeout = 10_000) => ({
  test: {
    name,
    include,
    environment: 'node' as const,
    testTimeout,
    hookTimeout: 60_000,
    setupFiles: ['tests/support/seed.ts'],
    env: { FC_SEED: process.env.FC_SEED ?? seed },
  },
})

export default defineConfig({
  test: {
    // Most of them wait for a database or a socket: one worker less than cores would be one of two.
    maxWorkers: Math.max(2, availableParallelism()),
    projects: [
      project('unit', ['tests/unit/**/*.test.ts', 'tests/unit/**/*.test.tsx']),
      project('integration', ['tests/integration/**/*.test.ts'], 30_000),
      project('conformance', ['tests/conformance/**/*.test.ts'], 60_000),
      project('faults', ['tests/faults/**/*.test.ts', 'tests/faults/**/*.test.tsx'], 60_000),
      project('load', ['tests/load/**/*.test.ts'], 60_000),
      project('soak', ['tests/soak/**/*.test.ts'], 60_000),
    ],
  },
})
