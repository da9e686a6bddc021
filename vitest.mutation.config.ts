import { defineConfig } from 'vitest/config'

/**
 * What judges a mutant: the tests of three rooms that need no other process, with few generated
 * histories, one seed, and little patience for what never comes.
 */
export default defineConfig({
  test: {
    include: [
      'tests/unit/main/{session,sources,jobs}/**/*.test.ts',
      'tests/integration/{session,session-restore,session-sign-out}.test.ts',
      'tests/integration/{sources,two-sources,sign-out,wall}.test.ts',
      'tests/integration/{stream,realtime}-{source,workspace}.test.ts',
      'tests/integration/socketio-{source,endings,refusals,sign-out}.test.ts',
    ],
    environment: 'node',
    isolate: false,
    testTimeout: 5_000,
    hookTimeout: 5_000,
    setupFiles: ['tests/support/seed.ts'],
    env: { FC_SEED: '1', FC_RUNS: '300', UNTIL_MS: '2500' },
  },
})
