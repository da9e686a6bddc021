import { z } from 'zod'
import { jobIdPattern, isFinal } from '../../shared/job.ts'
import type { Job, JobStatus } from '../../shared/job.ts'
import { readUsual } from './usual-wire.ts'

/** Words of other backends for our five (gateway-protocol §2). */
const statusWords = new Map<string, JobStatus>([
  ['queued', 'queued'],
  ['pending', 'queued'],
  ['running', 'running'],
  ['processing', 'running'],
  ['in_progress', 'running'],
  ['succeeded', 'succeeded'],
  ['completed', 'succeeded'],
  ['done', 'succeeded'],
  ['failed', 'failed'],
  ['error', 'failed'],
  ['cancelled', 'cancelled'],
])

/** How backends may call a job that has not ended. */
export const unfinishedWords: readonly string[] = [...statusWords]
  .filter(([, meaning]) => !isFinal(meaning))
  .map(([word]) => word)

/** RFC 3339; a time without an offset, as Python writes it, counts as UTC. */
const time = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)?$/)
const percent = z.number().min(0).max(100)
const status = z.string().max(32)
/** Opaque: strings or integers, compared as strings. */
const opaqueId = z.union([z.string().min(1).max(128), z.int()])
const name = z.string().min(1).max(128)

/**
 * A job or a change of one, under every name that a backend may use. Whatever is not named here is
 * not read; what is named and wrong makes the whole of it wrong (F55, F59).
 */
export const wireSchema = z.object({
  id: opaqueId.optional(),
  job_id: opaqueId.optional(),
  name: name.optional(),
  job_name: name.optional(),
  kind: z.string().max(64).optional(),
  tenant_id: opaqueId.optional(),
  status: status.optional(),
  state: status.optional(),
  progress: percent.optional(),
  percentage: percent.optional(),
  percent: percent.optional(),
  step: z.object({ index: z.int().min(1), total: z.int().min(1), label: z.string() }).nullish(),
  current_step: z.string().nullish(),
  counters: z
    .object({
      done: z.number().min(0),
      total: z.number().min(0).nullish(),
      unit: z.string().max(32).optional(),
    })
    .nullish(),
  message: z.string().nullish(),
  attempt: z.int().min(1).optional(),
  seq: z.int().min(0).optional(),
  created_at: time.optional(),
  started_at: time.nullish(),
  updated_at: time.optional(),
  timestamp: z.union([time, z.number().min(0).max(1e13)]).optional(),
  finished_at: time.nullish(),
  error: z
    .union([z.object({ code: z.string().max(64), message: z.string() }), z.string()])
    .nullish(),
})
export type Wire = z.infer<typeof wireSchema>

/** A job or a change of one; null when the schema refuses it. */
export function readWire(raw: unknown): Wire | null {
  const usual =
    typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? readUsual(raw) : null
  if (usual !== null) return usual
  const parsed = wireSchema.safeParse(raw)
  return parsed.success ? parsed.data : null
}

/** Longest text that is kept, in characters: an over-long message never costs a final state. */
const maxTextLength = 2_000
const maxLabelLength = 128

export interface Identity {
  readonly id: string
  readonly tenantId: string
  readonly attempt: number
  readonly seq: number
  /** Set where `seq` is a time in microseconds, for want of the server's own number. */
  readonly byTime?: true
}

/** The job's id, or null when it is not one that may stand in a path (F62). */
export function idOf(wire: Wire): string | null {
  const id = wire.job_id ?? wire.id ?? wire.job_name ?? wire.name
  if (id === undefined) return null
  const text = String(id)
  return jobIdPattern.test(text) ? text : null
}

/** The status, undefined when none is given, null when the word is unknown. */
export function statusOf(wire: Wire): JobStatus | null | undefined {
  const word = wire.status ?? wire.state
  return word === undefined ? undefined : (statusWords.get(word) ?? null)
}

export const progressOf = (wire: Wire): number | undefined =>
  wire.progress ?? wire.percentage ?? wire.percent

/** What a message stands on. */
export interface Ground {
  /** The state that a change changes; null where the message has to say everything itself. */
  readonly state: Job | null
  /** What was last known of the job, whatever its attempt. */
  readonly last: Job | undefined
  /** Wall clock, milliseconds since the epoch. */
  readonly nowMs: number
}

/** What was left unsaid is taken from the state before it, else from a job that just began. */
export function toJob(wire: Wire, identity: Identity, ground: Ground): Job {
  const { state, last, nowMs } = ground
  const updatedAt =
    timeOf(wire.updated_at) ?? stampOf(wire.timestamp) ?? state?.updatedAt ?? textOf(nowMs)
  const job: Job = {
    id: identity.id,
    name: wire.name ?? wire.job_name ?? last?.name ?? identity.id,
    kind: wire.kind ?? last?.kind ?? '',
    tenantId: identity.tenantId,
    status: statusOf(wire) ?? state?.status ?? 'running',
    progress: progressOf(wire) ?? state?.progress ?? 0,
    step: stepOf(wire, state?.step ?? null),
    counters: wire.counters === undefined ? (state?.counters ?? null) : countersOf(wire.counters),
    message:
      wire.message === undefined ? (state?.message ?? null) : clip(wire.message, maxTextLength),
    attempt: identity.attempt,
    seq: identity.seq,
    createdAt: timeOf(wire.created_at) ?? last?.createdAt ?? textOf(nowMs),
    startedAt:
      wire.started_at === undefined
        ? (state?.startedAt ?? null)
        : (timeOf(wire.started_at) ?? null),
    updatedAt,
    finishedAt: finishedAtOf(wire, state, updatedAt),
    error: wire.error === undefined ? (state?.error ?? null) : errorOf(wire.error),
  }
  return identity.byTime === true ? { ...job, byTime: true } : job
}

const textOf = (nowMs: number): string => new Date(nowMs).toISOString()

function stepOf({ step, current_step: label }: Wire, before: Job['step']): Job['step'] {
  if (step !== undefined) return step && labelled(step, step.label)
  if (label === undefined) return before
  return label === null ? null : labelled(before ?? firstOfOne, label)
}

const firstOfOne = { index: 1, total: 1 }

function labelled(
  { index, total }: { readonly index: number; readonly total: number },
  label: string,
): Job['step'] {
  return { index, total, label: clip(label, maxLabelLength) }
}

function countersOf(counters: NonNullable<Wire['counters']> | null): Job['counters'] {
  return counters === null
    ? null
    : { done: counters.done, total: counters.total ?? null, unit: counters.unit ?? '' }
}

function errorOf(error: NonNullable<Wire['error']> | null): Job['error'] {
  if (error === null) return null
  if (typeof error === 'string') return { code: '', message: clip(error, maxTextLength) }
  return { code: error.code, message: clip(error.message, maxTextLength) }
}

function finishedAtOf(wire: Wire, state: Job | null, updatedAt: string): string | null {
  if (wire.finished_at !== undefined) return timeOf(wire.finished_at) ?? null
  if (state !== null && state.finishedAt !== null) return state.finishedAt
  const status = statusOf(wire)
  return status && isFinal(status) ? updatedAt : null
}

/** A copy: a slice would keep the whole text in memory for as long as the job is known. */
function clip<T extends string | null>(text: T, length: number): T {
  if (text === null || text.length <= length) return text
  return Buffer.from(text.slice(0, length), 'utf16le').toString('utf16le') as T
}

function timeOf(text: string | null | undefined): string | undefined {
  if (text === undefined || text === null) return undefined
  return text.endsWith('Z') || /[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`
}

/** RFC 3339, or seconds (or milliseconds) since the epoch. */
function stampOf(stamp: string | number | undefined): string | undefined {
  if (typeof stamp !== 'number') return timeOf(stamp)
  return new Date(stamp < 1e11 ? stamp * 1_000 : stamp).toISOString()
}
