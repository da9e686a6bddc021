import { defineConfig } from '@playwright/test'
import { findRuntime } from './scripts/runtime.ts'

export default defineConfig({
  testDir: 'tests/e2e',
  // The stand-in is tested where it stands in.
  testIgnore: findRuntime().kind === 'electron' ? ['**/stand-in.spec.ts'] : [],
  outputDir: 'test-results',
  globalSetup: './tests/support/desktop.ts',
  // One app at a time: the machine's keyring and its cores are shared.
  workers: 1,
  retries: 0,
  timeout: 60_000,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list']],
  use: { trace: 'off' },
})
