import { defineConfig } from 'vitest/config'

/** What judges a mutant: the tests of three rooms, with few generated histories and one seed. */
export default defineConfig({
  test: {
    include: [
      'tests/unit/main/{session,sources,jobs}/**/*.test.ts',
      'tests/integration/{session,session-restore,session-sign-out,sources,sign-out,wall}.test.ts',
    ],
    environment: 'node',
    testTimeout: 10_000,
    hookTimeout: 60_000,
    setupFiles: ['tests/support/seed.ts'],
    env: { FC_SEED: '1', FC_RUNS: '500' },
  },
})
