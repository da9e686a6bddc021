import { z } from 'zod'
import { jobIdPattern, isFinal } from '../../shared/job.ts'
import type { Job, JobStatus } from '../../shared/job.ts'

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
  return jobIdPattern.test(text) && text !== '.' && text !== '..' ? text : null
}

/** The status, undefined when none is given, null when the word is unknown. */
export function statusOf(wire: Wire): JobStatus | null | undefined {
  const word = wire.status ?? wire.state
  return word === undefined ? undefined : (statusWords.get(word) ?? null)
}

export const progressOf = (wire: Wire): number | undefined =>
  wire.progress ?? wire.percentage ?? wire.percent

/** What was left unsaid is taken from `base`: the state before a change, or the bare beginning. */
export function toJob(wire: Wire, identity: Identity, base: Job): Job {
  const updatedAt = timeOf(wire.updated_at) ?? stampOf(wire.timestamp) ?? base.updatedAt
  return {
    ...identity,
    name: wire.name ?? wire.job_name ?? base.name,
    kind: wire.kind ?? base.kind,
    status: statusOf(wire) ?? base.status,
    progress: progressOf(wire) ?? base.progress,
    step: stepOf(wire, base.step),
    counters: wire.counters === undefined ? base.counters : countersOf(wire.counters),
    message: wire.message === undefined ? base.message : clip(wire.message, maxTextLength),
    createdAt: timeOf(wire.created_at) ?? base.createdAt,
    startedAt: wire.started_at === undefined ? base.startedAt : (timeOf(wire.started_at) ?? null),
    updatedAt,
    finishedAt: finishedAtOf(wire, base, updatedAt),
    error: wire.error === undefined ? base.error : errorOf(wire.error),
  }
}

/** A job of which nothing is known yet but who it is. */
export function bareJob(identity: Identity, name: string, nowMs: number): Job {
  const now = new Date(nowMs).toISOString()
  return {
    ...identity,
    name,
    kind: '',
    status: 'running',
    progress: 0,
    step: null,
    counters: null,
    message: null,
    createdAt: now,
    startedAt: null,
    updatedAt: now,
    finishedAt: null,
    error: null,
  }
}

function stepOf(wire: Wire, before: Job['step']): Job['step'] {
  if (wire.step !== undefined) {
    return wire.step === null
      ? null
      : { ...wire.step, label: wire.step.label.slice(0, maxLabelLength) }
  }
  if (wire.current_step === undefined) return before
  if (wire.current_step === null) return null
  return {
    ...(before ?? { index: 1, total: 1 }),
    label: wire.current_step.slice(0, maxLabelLength),
  }
}

function countersOf(counters: NonNullable<Wire['counters']> | null): Job['counters'] {
  return counters === null
    ? null
    : { done: counters.done, total: counters.total ?? null, unit: counters.unit ?? '' }
}

function errorOf(error: NonNullable<Wire['error']> | null): Job['error'] {
  if (error === null) return null
  const { code, message } = typeof error === 'string' ? { code: '', message: error } : error
  return { code, message: message.slice(0, maxTextLength) }
}

function finishedAtOf(wire: Wire, base: Job, updatedAt: string): string | null {
  if (wire.finished_at !== undefined) return timeOf(wire.finished_at) ?? null
  if (base.finishedAt !== null) return base.finishedAt
  const status = statusOf(wire)
  return status && isFinal(status) ? updatedAt : null
}

function clip(text: string | null, length: number): string | null {
  return text === null ? null : text.slice(0, length)
}

function timeOf(text: string | null | undefined): string | undefined {
  if (text === undefined || text === null) return undefined
  return /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`
}

/** RFC 3339, or seconds (or milliseconds) since the epoch. */
function stampOf(stamp: string | number | undefined): string | undefined {
  if (typeof stamp !== 'number') return timeOf(stamp)
  return new Date(stamp < 1e11 ? stamp * 1_000 : stamp).toISOString()
}
