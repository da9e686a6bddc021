// The plan: puts the rooms together over whatever ports it is given. Plain Node; it must never know
// which windows stand in front of the wall.
import type { AppView } from '../shared/ipc/contract.ts'
import type { Profile } from '../shared/profile.ts'
import { createHandlers } from './ipc/handlers/all.ts'
import { createPublish } from './ipc/publish.ts'
import { serve } from './ipc/serve.ts'
import type { Log } from './lib/log.ts'
import { Scope } from './lib/scope.ts'
import { within } from './lib/within.ts'
import type { IpcPort, Power } from './ports.ts'
import { ProfileBook } from './profiles/profile-book.ts'
import type { WorkspacePorts } from './workspaces/workspace-ports.ts'
import { Workspaces } from './workspaces/workspaces.ts'

export interface AppPorts extends WorkspacePorts {
  readonly ipc: IpcPort
  readonly power: Power
}

export interface AppOptions {
  readonly ports: AppPorts
  readonly about: AppView
  /** Given on the command line: shown, but not edited or removed. */
  readonly fixedProfiles: readonly Profile[]
  readonly log: Log
  /** Names a workspace or a log entry; never twice the same. */
  readonly newId: () => string
}

export interface App {
  /** Resolves once the wall answers; kept sessions are restored behind it. */
  readonly start: () => Promise<void>
  /** Ends everything and keeps the sessions. Idempotent, at most 1 s, never rejects. */
  readonly close: () => Promise<void>
  /** What is open right now, for tests and diagnostics; zero after closing. */
  readonly size: number
}

/** Closing is over by then, whatever hangs, in milliseconds. */
const closeDeadlineMs = 980

export function createApp({ ports, about, fixedProfiles, log, newId }: AppOptions): App {
  const scope = new Scope('app')
  const { clock, ipc, power, files } = ports
  const publish = createPublish({ port: ipc, log: log.child('publish'), signal: scope.signal })
  const profiles = new ProfileBook({ files, fixed: fixedProfiles, log: log.child('profiles') })
  const workspaces = new Workspaces({
    scope,
    ports,
    log: log.child('workspaces'),
    publish,
    newId,
  })
  let closing: Promise<void> | null = null

  return {
    async start() {
      await profiles.load()
      if (scope.closed) return
      scope.own(profiles.onChanged(() => publish('profiles:changed', [...profiles.views])))
      scope.own(power.onSuspended(() => workspaces.suspend()))
      scope.own(power.onResumed(() => workspaces.wake()))
      scope.own(ipc.onWindowClosed((windowId) => workspaces.closeWindow(windowId)))
      const handlers = createHandlers({ about, profiles, workspaces })
      scope.own(serve({ port: ipc, handlers, log: log.child('serve'), newRef: newId }))
      workspaces.restore(profiles.all).catch((error: unknown) => {
        log.error('restoring failed', { error: String(error) })
      })
    },
    close() {
      closing ??= close()
      return closing
    },
    get size() {
      return scope.size
    },
  }

  async function close(): Promise<void> {
    const closed = Promise.all([workspaces.close(), scope.close('the app closes')])
    if ((await within(clock, closeDeadlineMs, closed)) === 'late') log.warn('closing took too long')
  }
}
