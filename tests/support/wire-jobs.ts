import type { Job, WireJob } from '../../src/shared/job.ts'

/** A running job as our backend sends it. */
export function wireJob(changes: Partial<WireJob> = {}): WireJob {
  return {
    id: 'job-1',
    name: 'Orders import',
    kind: 'import',
    tenant_id: 'acme',
    status: 'running',
    progress: 10,
    step: { index: 1, total: 4, label: 'load' },
    counters: { done: 100, total: 1_000, unit: 'rows' },
    message: null,
    attempt: 1,
    seq: 1,
    created_at: '2026-11-20T13:59:00.000Z',
    started_at: '2026-11-20T13:59:01.000Z',
    updated_at: '2026-11-20T13:59:02.000Z',
    finished_at: null,
    error: null,
    ...changes,
  }
}

/** The same job inside the console. */
export function job(changes: Partial<Job> = {}): Job {
  return {
    id: 'job-1',
    name: 'Orders import',
    kind: 'import',
    tenantId: 'acme',
    status: 'running',
    progress: 10,
    step: { index: 1, total: 4, label: 'load' },
    counters: { done: 100, total: 1_000, unit: 'rows' },
    message: null,
    attempt: 1,
    seq: 1,
    createdAt: '2026-11-20T13:59:00.000Z',
    startedAt: '2026-11-20T13:59:01.000Z',
    updatedAt: '2026-11-20T13:59:02.000Z',
    finishedAt: null,
    error: null,
    ...changes,
  }
}
