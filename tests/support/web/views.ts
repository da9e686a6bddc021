import type { FailureCode } from '../../../src/shared/failure.ts'
import type { ProfileView } from '../../../src/shared/ipc/contract.ts'
import { isHeard } from '../../../src/renderer/workspaces/lamp-words.ts'
import type { Receipt, WorkspaceView } from '../../../src/shared/workspace.ts'
import { tenants } from './generated-jobs.ts'
import type { Scene, SceneName } from './scene.ts'
import { connectionFor, sourcesFor } from './standings.ts'

export const profiles: readonly ProfileView[] = [
  {
    id: 'demo',
    name: 'Signalbox demo',
    mark: 'demo',
    supabaseUrl: 'http://127.0.0.1:54321',
    gatewayUrl: 'http://127.0.0.1:54322',
    fixed: true,
    demoUsers: [
      { email: 'alice@acme.test', label: 'Acme Freight, admin' },
      { email: 'amir@acme.test', label: 'Acme Freight, admin' },
      { email: 'bea@borealis.test', label: 'Borealis Health, admin' },
    ],
  },
  {
    id: 'northwind',
    name: 'Northwind production',
    mark: 'production',
    supabaseUrl: 'https://northwind.example',
    gatewayUrl: 'https://jobs.northwind.example',
    fixed: false,
    demoUsers: [],
  },
]

export interface Named {
  readonly id: string
  readonly name: string
  readonly mark: WorkspaceView['mark']
}

const others: readonly Named[] = [
  { id: 'w2', name: 'Staging', mark: 'staging' },
  { id: 'w3', name: 'Dev', mark: 'development' },
  { id: 'w4', name: 'Kestrel Logistics', mark: 'production' },
  { id: 'w5', name: 'Harbour', mark: 'production' },
]
const othersStand = ['partial', 'offline', 'refused', 'desk'] as const

/** How one of them stands; null for the first workspace, which is what the scene is about. */
export const standOf = (workspaceId: string): SceneName | null =>
  othersStand[others.findIndex(({ id }) => id === workspaceId)] ?? null

/** The other workspaces of the rail, each standing differently. */
export const otherWorkspaces = (scene: Scene): WorkspaceView[] =>
  others.map((named) =>
    workspaceFor({ ...scene, name: standOf(named.id) ?? 'desk', sources: 3 }, named),
  )

export function workspaceFor(scene: Scene, { id, name, mark }: Named): WorkspaceView {
  const now = Date.now()
  const connection = connectionFor(scene, now)
  return {
    id,
    profileId: name === 'Signalbox demo' ? 'demo' : 'northwind',
    profileName: name,
    mark,
    operator: { email: 'mara@northwind.example', tenants: [...tenants] },
    session:
      scene.name === 'locked'
        ? { kind: 'keychain-locked' }
        : scene.name === 'unconfirmed'
          ? { kind: 'unconfirmed', reason: 'unreachable', nextTryAtMs: now + 20_000 }
          : { kind: 'signed-in', expiresAtMs: now + 3_600_000 },
    connection,
    sources: scene.name === 'locked' ? [] : sourcesFor(scene, now),
    keeping: scene.name === 'memory' ? 'memory' : 'keychain',
    eventsPerSecond: isHeard(connection) ? scene.rate : 0,
    dropped: scene.name === 'reconnecting' ? 2 : 0,
    notes: scene.name === 'note' ? ['snapshot_damaged'] : [],
  }
}

export const receiptFor = (
  { id, name }: Pick<Named, 'id' | 'name'>,
  scene: Scene,
  reason: FailureCode | null,
): Receipt => ({
  workspaceId: id,
  profileId: 'northwind',
  profileName: name,
  email: 'mara@northwind.example',
  reason,
  endedAtMs: Date.now(),
  durationMs: 84,
  lines: [
    { what: 'sockets', ended: 17, left: 0 },
    { what: 'timers_and_requests', ended: 24, left: 0 },
    { what: 'subscriptions', ended: 6, left: 0 },
    { what: 'rows', ended: 10_412, left: 0 },
    { what: 'cached_bytes', ended: 4_310_016, left: 0 },
    {
      what: 'keychain_entries',
      ended: scene.server === 'revoked' ? 2 : 1,
      left: scene.server === 'revoked' ? 0 : 1,
    },
  ],
  server:
    reason !== null
      ? { kind: 'already-ended' }
      : scene.server === 'revoked'
        ? { kind: 'revoked' }
        : { kind: 'not-reached', expiresAtMs: Date.now() + 1_860_000 },
  notes: scene.server === 'revoked' ? [] : ['keychain_write_failed'],
})
