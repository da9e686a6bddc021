import { app } from 'electron'

/**
 * One app a user data folder, because two would use one refresh token twice. Answers false when
 * another one runs: the caller has to leave before it opens anything.
 */
export function claimSingleInstance(onSecond: () => void): boolean {
  if (!app.requestSingleInstanceLock()) return false
  app.on('second-instance', onSecond)
  return true
}
