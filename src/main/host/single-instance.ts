import { app } from 'electron'
import type { BrowserWindow } from 'electron'

/**
 * One app a user data folder, because two would use one refresh token twice. Answers false when
 * another one runs: the caller has to leave before it opens anything.
 */
export function claimSingleInstance(currentWindow: () => BrowserWindow | null): boolean {
  if (!app.requestSingleInstanceLock()) return false
  app.on('second-instance', () => {
    const window = currentWindow()
    if (window === null) return
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  })
  return true
}
