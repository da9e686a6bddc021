import type { Row } from './scripted-rest.ts'

/** A running job in `translation_jobs`, as Realtime and PostgREST write it. */
export function tableRow(changes: Row = {}): Row {
  return {
    id: 'job-1',
    tenant_id: 'acme',
    name: 'Terms of use',
    status: 'processing',
    progress: 10,
    message: null,
    attempt: 1,
    created_at: '2026-11-20T13:59:00.000001+00:00',
    started_at: '2026-11-20T13:59:01.000001+00:00',
    updated_at: '2026-11-20T13:59:02.000001+00:00',
    completed_at: null,
    error: null,
    ...changes,
  }
}

/** The nth second after the first change of `tableRow`, as `updated_at`. */
export const secondsLater = (seconds: number, micros = 0): string =>
  `2026-11-20T13:59:${String(2 + seconds).padStart(2, '0')}.${String(micros).padStart(6, '0')}+00:00`
