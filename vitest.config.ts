import { execFileSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** One seed a commit: every commit explores histories of its own, and everyone who runs it the same. */
function seedOfCommit(): string {
  try {
    const commit = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' })
    return String(Number.parseInt(commit.slice(0, 7), 16))
  } catch {
    return String(Date.now() % 2_147_483_647)
  }
}

const project = (name: string, include: string[], testTimeout = 10_000) => ({
  test: {
    name,
    include,
    environment: 'node' as const,
    testTimeout,
    hookTimeout: 60_000,
    setupFiles: ['tests/support/seed.ts'],
    env: { FC_SEED: process.env.FC_SEED ?? seedOfCommit() },
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
