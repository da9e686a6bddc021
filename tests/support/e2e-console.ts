import { expect, type Locator, type Page } from '@playwright/test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProfileInput } from '../../src/shared/profile.ts'
import type { DemoBackend, DemoUser } from './demo-backend.ts'
import { readIpcTap, type TappedMessage } from './ipc-tap.ts'
import { launchSignalbox, type Launched } from './launch.ts'

export interface ConsoleOptions {
  readonly backend: Pick<DemoBackend, 'url' | 'publishableKey'>
  /** Where the console keeps its things; the same one again is the same console. */
  readonly folder: string
  /** Another way to the backend: a proxy. */
  readonly url?: string
  /** Several environments, or one with something else in it; the first one is chosen at first. */
  readonly profiles?: readonly Partial<ProfileInput>[]
  readonly env?: Readonly<Record<string, string>>
}

/** One running console, driven as an operator would: by what is written and by what it is. */
export interface Console extends Launched {
  readonly page: Page
  /** The header, which tells the truth about the connection. */
  readonly header: Locator
  readonly grid: Locator
  /** One a job, without the head of the list and of the groups. */
  readonly rows: Locator
  /** The bar of every job that is under way or done. */
  readonly bars: Locator
  readonly signIn: (user: Pick<DemoUser, 'email' | 'password'>) => Promise<void>
  /** Waits until something was heard and rows are there. */
  readonly live: () => Promise<void>
  /** Through the menu of the operator; answers when the receipt is on the screen. */
  readonly signOut: (user: Pick<DemoUser, 'email'>) => Promise<void>
  /** Everything that crossed between window and main so far. */
  readonly tap: () => Promise<TappedMessage[]>
  /** The file behind `tap`. */
  readonly tapFile: string
}

const profileName = 'E2E line'

export async function openConsole(options: ConsoleOptions): Promise<Console> {
  const { folder, env } = options
  mkdirSync(folder, { recursive: true })
  const tapFile = join(folder, 'ipc-trace.jsonl')
  const launched = await launchSignalbox({
    userDataDir: join(folder, 'user-data'),
    profileFile: writeProfiles(options),
    args: ['--ipc-trace', tapFile],
    ...(env !== undefined && { env }),
  })
  const page = launched.window
  const grid = page.getByRole('treegrid', { name: 'Jobs' })
  const rows = grid.locator('[role=row][aria-level="2"]')
  const header = page.getByRole('banner')
  let closing: Promise<void> | null = null
  return {
    ...launched,
    page,
    header,
    grid,
    rows,
    bars: grid.getByRole('progressbar'),
    async signIn({ email, password }) {
      await page.getByLabel('E-mail').fill(email)
      await page.getByLabel('Password').fill(password)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
      await expect(page.getByRole('button', { name: `Operator ${email}` })).toBeVisible()
    },
    async live() {
      await expect(header.getByText('Live', { exact: true })).toBeVisible({ timeout: 15_000 })
      await expect(rows.first()).toBeVisible()
    },
    async signOut({ email }) {
      await page.getByRole('button', { name: `Operator ${email}` }).click()
      await page.getByRole('menuitem', { name: 'Sign out', exact: true }).click()
      await expect(
        page.getByRole('heading', { name: `Signed out of ${profileName}` }),
      ).toBeVisible()
    },
    tap: () => readIpcTap(tapFile),
    tapFile,
    close: () => (closing ??= launched.close()),
  }
}

function writeProfiles({ backend, folder, url, profiles = [{}] }: ConsoleOptions): string {
  const address = url ?? backend.url
  const usual: ProfileInput = {
    id: 'e2e-line',
    name: profileName,
    mark: 'staging',
    supabaseUrl: address,
    gatewayUrl: address,
    publishableKey: backend.publishableKey,
  }
  const path = join(folder, 'profiles.json')
  writeFileSync(path, JSON.stringify(profiles.map((profile) => ({ ...usual, ...profile }))))
  return path
}
