import type { FailureCode } from '../../../src/shared/failure.ts'
import type { ProfileView } from '../../../src/shared/ipc/contract.ts'
import type { ConnectionView, Receipt, WorkspaceView } from '../../../src/shared/workspace.ts'
import { tenants } from './generated-jobs.ts'
import type { Scene } from './scene.ts'

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

function connectionFor({ name }: Scene): ConnectionView {
  const now = Date.now()
  const ago = (ms: number) => ({ asOfMs: now - ms, sinceMs: now - ms })
  const told: Partial<Record<Scene['name'], ConnectionView>> = {
    connecting: { kind: 'connecting', sinceMs: now, asOfMs: null },
    reconnecting: {
      kind: 'reconnecting',
      ...ago(4_000),
      nextTryAtMs: now + 60_000,
      reason: 'unreachable',
    },
    offline: { kind: 'offline', ...ago(372_000), nextTryAtMs: now + 28_000, reason: 'offline' },
    refused: { kind: 'refused', asOfMs: now - 20_000, reason: 'token_expired' },
  }
  return told[name] ?? { kind: 'live', heardAtMs: now - 200 }
}

interface Named {
  readonly id: string
  readonly name: string
  readonly mark: WorkspaceView['mark']
}

export function workspaceFor(scene: Scene, { id, name, mark }: Named): WorkspaceView {
  const now = Date.now()
  const connection = connectionFor(scene)
  const live = connection.kind === 'live'
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
    connection: scene.name === 'locked' ? { kind: 'idle' } : connection,
    sources: [
      {
        kind: 'progress',
        state: live
          ? 'live'
          : connection.kind === 'refused'
            ? 'stopped'
            : connection.kind === 'connecting'
              ? 'connecting'
              : 'reconnecting',
        sockets: live ? 14 : 0,
        nextTryAtMs: live ? null : now + 28_000,
        reason: connection.kind === 'refused' ? connection.reason : null,
      },
    ],
    keeping: scene.name === 'memory' ? 'memory' : 'keychain',
    eventsPerSecond: live ? scene.rate : 0,
    dropped: scene.name === 'reconnecting' ? 2 : 0,
    notes: [],
  }
}

export const receiptFor = (
  workspaceId: string,
  scene: Scene,
  reason: FailureCode | null,
): Receipt => ({
  workspaceId,
  profileId: 'northwind',
  profileName: 'Northwind Analytics',
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
