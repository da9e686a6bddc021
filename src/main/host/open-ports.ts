import { app, ipcMain } from 'electron'
import { join } from 'node:path'
import type { AppPorts } from '../app.ts'
import { traceIpc } from '../ipc/trace.ts'
import { systemClock } from '../lib/clock.ts'
import { openFiles } from '../lib/files.ts'
import { createLog } from '../lib/log.ts'
import type { Log } from '../lib/log.ts'
import { openIpcPort } from './ipc-port.ts'
import type { HostIpcPort } from './ipc-port.ts'
import { openKeychain } from './keychain.ts'
import { openLineFile } from './line-file.ts'
import type { LineFile } from './line-file.ts'
import { openNetwork } from './network/network.ts'
import { openPower } from './power.ts'

const logRotateBytes = 1_000_000

export interface World {
  readonly ports: AppPorts
  readonly log: Log
  /** Where new windows are made known. */
  readonly admit: HostIpcPort['admit']
  /** Closes the files, after everything else is closed. */
  readonly close: () => void
}

export interface WorldOptions {
  /** Where the window is served from. */
  readonly origin: string
  /** `--ipc-trace`: where every message is copied to. */
  readonly ipcTrace: LineFile | null
}

/** The real ports. Only after the app is ready. */
export async function openPorts({ origin, ipcTrace }: WorldOptions): Promise<World> {
  const folder = app.getPath('userData')
  const clock = systemClock()
  const logFile = openLineFile(join(folder, 'signalbox.log'), logRotateBytes)
  const log = createLog('signalbox', clock, logFile.write)
  const files = openFiles(folder)
  const hostIpc = openIpcPort({ ipcMain, origin })
  return {
    ports: {
      clock,
      random: Math.random,
      keychain: await openKeychain({ files, clock, log: log.child('keychain'), folder }),
      files,
      ...openNetwork(clock, log.child('network')),
      power: openPower(),
      ipc: ipcTrace === null ? hostIpc : traceIpc(hostIpc, clock, ipcTrace.write),
    },
    log,
    admit: hostIpc.admit,
    close: () => {
      ipcTrace?.close()
      logFile.close()
    },
  }
}
