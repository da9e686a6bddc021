import { z } from 'zod'
import { parseJson } from './frames.ts'

/** A place in the history of a stream: offsets are counted within an epoch. */
export interface StreamPlace {
  readonly epoch: string
  readonly offset: number
}

/**
 * What a tenant stream says (gateway-protocol §4). A job is as it came: who takes it, checks it.
 * `change` is what a backend without resume sends.
 */
export type StreamFrame =
  | { readonly kind: 'event'; readonly offset: number; readonly job: unknown }
  | {
      readonly kind: 'snapshot'
      readonly place: StreamPlace
      readonly jobs: readonly unknown[]
      readonly more: boolean
    }
  | { readonly kind: 'resumed'; readonly place: StreamPlace; readonly missed: number }
  | { readonly kind: 'authenticated' | 'auth-refused' }
  | { readonly kind: 'change'; readonly job: unknown }

const offset = z.int().min(0)
const place = { epoch: z.string().min(1).max(128), offset }
const snapshot = z.object({
  ...place,
  jobs: z.array(z.unknown()).max(10_000),
  /** The snapshot goes on in the next message. */
  more: z.boolean().default(false),
})
const resumed = z.object({ ...place, missed: offset })
export const streamPlaceSchema = z.object(place)

type Said = Readonly<Partial<Record<'type' | 'job' | 'offset', unknown>>>

const isOffset = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0

/** Text to frame. Null: it is not ours, and is dropped and counted. Never throws. */
export function parseStreamFrame(text: string): StreamFrame | null {
  const raw = parseJson(text)
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return null
  const said = raw as Said
  switch (said.type) {
    case 'event':
      // Thousands a second, of which this is all that is not the job's: no schema is built for it.
      return isOffset(said.offset) ? { kind: 'event', offset: said.offset, job: said.job } : null
    case 'snapshot':
      return 'job' in said ? { kind: 'change', job: said.job } : readSnapshot(raw)
    case 'resumed': {
      const parsed = resumed.safeParse(raw)
      if (!parsed.success) return null
      const { missed, ...at } = parsed.data
      return { kind: 'resumed', place: at, missed }
    }
    case 'authenticated':
      return { kind: 'authenticated' }
    case 'auth_refused':
      return { kind: 'auth-refused' }
    case 'finished':
      return { kind: 'change', job: said.job }
    case 'progress':
    case undefined:
      return { kind: 'change', job: raw }
    default:
      return null
  }
}

function readSnapshot(raw: object): StreamFrame | null {
  const parsed = snapshot.safeParse(raw)
  if (!parsed.success) return null
  const { jobs, more, ...at } = parsed.data
  return { kind: 'snapshot', place: at, jobs, more }
}
