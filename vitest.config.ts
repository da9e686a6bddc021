import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], testTimeout = 10_000) => ({
  test: { name, include, environment: 'node' as const, testTimeout, hookTimeout: 60_000 },
})

export default defineConfig({
  test: {
    projects: [
      project('unit', ['tests/unit/**/*.test.ts', 'tests/unit/**/*.test.tsx']),
      project('integration', ['tests/integration/**/*.test.ts'], 30_000),
      project('conformance', ['tests/conformance/**/*.test.ts'], 60_000),
      project('faults', ['tests/faults/**/*.test.ts'], 60_000),
    ],
  },
})
