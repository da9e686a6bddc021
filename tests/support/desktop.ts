import { openDesktopSession } from '../../scripts/desktop-session.ts'
import { findRuntime } from '../../scripts/runtime.ts'

/** Playwright's global set-up: a keyring that is not the developer's, and a display where needed. */
export default async function openDesktop(): Promise<() => Promise<void>> {
  const display = findRuntime().kind === 'electron'
  const desktop = await openDesktopSession({ display, keyring: 'private' })
  // The workers are started with this environment.
  Object.assign(process.env, desktop.env)
  return () => desktop.close()
}
