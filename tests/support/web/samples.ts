import type { Group } from '../../../src/shared/ipc/contract.ts'
import type { JobRow } from '../../../src/shared/job.ts'
import type { Receipt, WorkspaceView } from '../../../src/shared/workspace.ts'

export const startMs = Date.UTC(2026, 10, 20, 14, 0, 0)

const iso = (offsetMs: number): string => new Date(startMs + offsetMs).toISOString()

/** A running job of tenant 7, started at `startMs`, with whatever the test changes. */
export const sampleRow = (changed: Partial<JobRow> = {}): JobRow => ({
  id: 'job-1',
  name: 'jira-issues',
  kind: 'ETL',
  tenantId: '7',
  status: 'running',
  progress: 52.4,
  step: { index: 3, total: 5, label: 'Transform' },
  counters: { done: 15_720, total: 30_000, unit: 'rows' },
  message: null,
  attempt: 1,
  seq: 1,
  createdAt: iso(-1_000),
  startedAt: iso(0),
  updatedAt: iso(0),
  finishedAt: null,
  error: null,
  heardAtMs: startMs,
  ratePerSecond: 412,
  left: { lowMs: 50_000, highMs: 80_000 },
  remembered: false,
  ...changed,
})

export const sampleGroup = (changed: Partial<Group> = {}): Group => ({
  tenantId: '7',
  queued: 0,
  running: 1,
  failed: 0,
  succeeded: 0,
  cancelled: 0,
  throughput: [],
  ...changed,
})

export const sampleWorkspace = (changed: Partial<WorkspaceView> = {}): WorkspaceView => ({
  id: 'w1',
  profileId: 'demo',
  profileName: 'Signalbox demo',
  mark: 'demo',
  operator: {
    email: 'alice@acme.test',
    tenants: [{ id: '7', name: 'Acme Freight', role: 'admin' }],
  },
  session: { kind: 'signed-in', expiresAtMs: startMs + 3_600_000 },
  connection: { kind: 'live', heardAtMs: startMs },
  sources: [],
  keeping: 'keychain',
  eventsPerSecond: 0,
  dropped: 0,
  notes: [],
  ...changed,
})

export const sampleReceipt = (changed: Partial<Receipt> = {}): Receipt => ({
  workspaceId: 'w1',
  profileId: 'demo',
  profileName: 'Signalbox demo',
  email: 'alice@acme.test',
  reason: null,
  endedAtMs: startMs,
  durationMs: 84,
  lines: [
    { what: 'sockets', ended: 17, left: 0 },
    { what: 'keychain_entries', ended: 2, left: 0 },
  ],
  server: { kind: 'revoked' },
  notes: [],
  ...changed,
})
