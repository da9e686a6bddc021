import { test as base } from '@playwright/test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startDemoBackend, type DemoBackend } from './demo-backend.ts'
import { openConsole, type Console, type ConsoleOptions } from './e2e-console.ts'
import { FaultProxy } from './fault-proxy.ts'
import { requireKeyring } from './keyring.ts'

interface Fixtures {
  /** Starts the console; it is closed, and its folder removed, when the test is over. */
  readonly open: (options?: Partial<ConsoleOptions>) => Promise<Console>
  /** Stands before the backend, forwarding until told otherwise. */
  readonly faultProxy: FaultProxy
  /** A folder of the test's own, removed with all that is in it. */
  readonly folder: string
}

interface WorkerFixtures {
  /** One for all tests of a worker: jobs arrive and finish in it all the time. */
  readonly backend: DemoBackend
  /** How the folders of a run are called. */
  readonly folderPrefix: string
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  folderPrefix: ['signalbox-e2e-', { scope: 'worker', option: true }],
  backend: [
    async ({ folderPrefix }, use) => {
      requireKeyring()
      const backend = await startDemoBackend({ folderPrefix })
      await use(backend)
      await backend.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  faultProxy: async ({ backend }, use) => {
    const proxy = await FaultProxy.start(backend.url)
    await use(proxy)
    await proxy.stop()
  },
  folder: async ({ folderPrefix }, use) => {
    const folder = mkdtempSync(join(tmpdir(), folderPrefix))
    await use(folder)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  },
  open: async ({ backend, folder }, use) => {
    const opened: Console[] = []
    let count = 0
    await use(async (options = {}) => {
      count += 1
      const name = `console-${count}`
      const console = await openConsole({ backend, folder: join(folder, name), ...options })
      opened.push(console)
      return console
    })
    for (const console of opened) await console.close()
  },
})

export { expect } from '@playwright/test'
