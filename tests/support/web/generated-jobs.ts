import type { JobRow, JobStatus, TimelineEntry } from '../../../src/shared/job.ts'
import type { Tenant } from '../../../src/shared/workspace.ts'

export const tenants: readonly Tenant[] = [
  { id: '7', name: 'Acme Freight', role: 'admin' },
  { id: '9', name: 'Borealis Health', role: 'admin' },
  { id: '12', name: 'Cobalt Media', role: 'viewer' },
]

const names = [
  ['jira-issues', 'ETL', ['Connect', 'Extract', 'Transform', 'Load', 'Aggregate']],
  ['github-pull-requests', 'ETL', ['Connect', 'Extract', 'Transform', 'Load', 'Aggregate']],
  ['invoices-de-en', 'Translation', ['Translate', 'Review']],
  ['carrier-rates-import', 'ETL', ['Connect', 'Extract', 'Transform', 'Load', 'Aggregate']],
  ['shipment-events', 'ETL', ['Connect', 'Extract', 'Transform', 'Load', 'Aggregate']],
  ['customs-tariffs', 'ETL', ['Connect', 'Extract', 'Load']],
  ['patient-letters-en-fr', 'Translation', ['Translate', 'Review']],
  ['lab-results-sync', 'ETL', ['Extract', 'Transform', 'Validate', 'Load']],
  ['formulary-refresh', 'ETL', ['Extract', 'Transform', 'Validate', 'Load']],
  ['claims-2026-11', 'ETL', ['Extract', 'Transform', 'Validate', 'Load']],
  ['subtitles-ja-en', 'Translation', ['Segment', 'Align', 'Export']],
  ['asset-catalogue', 'ETL', ['Connect', 'Extract', 'Transform', 'Load', 'Aggregate']],
  ['rights-ledger', 'ETL', ['Connect', 'Extract', 'Transform', 'Load', 'Aggregate']],
] as const

const causes = [
  ['unique_violation', 'duplicate key value violates "carrier_lane_key": (carrier, lane)'],
  ['row_malformed', 'row 4,211: "12,O0" is not a number'],
  ['tls_untrusted', 'certificate verify failed'],
] as const

/** The same jobs at every start: a small generator instead of Math.random. */
export function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

const pick = <T>(list: readonly T[], index: number): T => list[index % list.length] as T
const iso = (ms: number): string => new Date(ms).toISOString()

export interface Made {
  readonly row: JobRow
  readonly steps: readonly string[]
}

export function makeJob(index: number, random: () => number, nowMs: number): Made {
  const [name, kind, steps] = pick(names, index)
  const status: JobStatus =
    index % 11 === 3
      ? 'failed'
      : index % 7 === 5
        ? 'queued'
        : index % 9 === 8
          ? 'succeeded'
          : index % 29 === 17
            ? 'cancelled'
            : 'running'
  const progress = status === 'succeeded' ? 100 : status === 'queued' ? 0 : 5 + random() * 88
  const ageMs = 20_000 + random() * 300_000
  const ended = status === 'failed' || status === 'succeeded' || status === 'cancelled'
  const total = Math.round(10 ** (2.5 + random() * 4))
  const [code, message] = pick(causes, index)
  const rate = Math.round(5 + random() * 900)
  const leftMs = ((total * (1 - progress / 100)) / rate) * 1_000
  return {
    steps,
    row: {
      id: `job_${String(index + 1).padStart(5, '0')}_7Q2M4F`,
      name: index < names.length ? name : `${name}-${index}`,
      kind,
      tenantId: pick(tenants, Math.floor(index / 6)).id,
      status,
      progress,
      step: status === 'queued' ? null : stepAt(progress, steps),
      counters:
        status === 'queued'
          ? null
          : { done: Math.round((total * progress) / 100), total, unit: 'rows' },
      message: null,
      attempt: index % 13 === 4 ? 2 : 1,
      seq: 100,
      createdAt: iso(nowMs - ageMs - 4_000),
      startedAt: status === 'queued' ? null : iso(nowMs - ageMs),
      updatedAt: iso(nowMs - 300),
      finishedAt: ended ? iso(nowMs - ageMs / 3) : null,
      error: status === 'failed' ? { code, message } : null,
      heardAtMs: ended ? nowMs - ageMs / 3 : index === 2 ? nowMs - 41_000 : nowMs - 300,
      ratePerSecond: status === 'running' ? (index === 2 ? 0 : rate) : null,
      left:
        status === 'running' && index % 5 !== 1
          ? { lowMs: leftMs * 0.8, highMs: leftMs * 1.3 }
          : null,
      remembered: false,
    },
  }
}

function stepAt(progress: number, steps: readonly string[]): JobRow['step'] {
  const index = Math.min(steps.length - 1, Math.floor((progress / 100) * steps.length))
  return { index: index + 1, total: steps.length, label: steps[index] ?? '' }
}

/** One event further: some rows done, or the end. */
export function advance({ row, steps }: Made, random: () => number, nowMs: number): Made {
  const next = { ...row, seq: row.seq + 1, heardAtMs: nowMs, updatedAt: iso(nowMs) }
  if (row.status === 'queued') {
    return {
      steps,
      row: {
        ...next,
        status: 'running',
        startedAt: iso(nowMs),
        step: stepAt(0, steps),
        counters: { done: 0, total: 4_000, unit: 'rows' },
      },
    }
  }
  const progress = Math.min(100, row.progress + random() * 0.8)
  const total = row.counters?.total ?? 1_000
  const rate = Math.max(1, (row.ratePerSecond ?? 200) * (0.9 + random() * 0.2))
  const leftMs = ((total * (1 - progress / 100)) / rate) * 1_000
  const done = progress >= 100
  return {
    steps,
    row: {
      ...next,
      progress,
      status: done ? (random() < 0.1 ? 'failed' : 'succeeded') : 'running',
      error: null,
      step: stepAt(progress, steps),
      counters: { done: Math.round((total * progress) / 100), total, unit: 'rows' },
      ratePerSecond: done ? null : rate,
      left: done ? null : { lowMs: leftMs * 0.85, highMs: leftMs * 1.2 },
      finishedAt: done ? iso(nowMs) : null,
    },
  }
}

export function timelineOf({ row, steps }: Made, nowMs: number): TimelineEntry[] {
  const reached = row.step?.index ?? 0
  const entry = (seq: number, text: string, more: Partial<TimelineEntry>): TimelineEntry => ({
    seq,
    attempt: row.attempt,
    at: iso(nowMs - (200 - seq) * 700),
    level: 'info',
    kind: 'timeline',
    text,
    ...more,
  })
  const timeline = steps
    .slice(0, reached)
    .flatMap((step, index) => [
      entry(index * 10, `${step} started`, {}),
      ...(index < reached - 1
        ? [entry(index * 10 + 8, `${step} finished, 30,000 rows`, { level: 'success' as const })]
        : []),
    ])
  if (row.error !== null) timeline.push(entry(190, row.error.message, { level: 'error' }))
  else timeline.push(entry(28, 'Rate limit, waited 3 s', { level: 'warning' }))
  const log = Array.from({ length: 12 }, (_, index) =>
    index === 4
      ? entry(150 + index, '3 rows without assignee, kept', { kind: 'log', level: 'warning' })
      : entry(150 + index, `batch ${180 + index} of 300 merged`, { kind: 'log' }),
  )
  return [...timeline.sort((a, b) => a.seq - b.seq), ...log]
}
