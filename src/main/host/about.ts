import { app } from 'electron'
import type { AppView } from '../../shared/ipc/contract.ts'

/** The stand-in leaves this mark; a real Electron has none (tools/electron-stand-in). */
const standInMark = Symbol.for('electron-stand-in')

export function describeApp(): AppView {
  return {
    version: app.getVersion(),
    standIn: standInMark in globalThis,
    platform: process.platform,
  }
}
