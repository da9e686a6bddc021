import { z } from 'zod'
import { parseJson } from '../frames.ts'

/** The form of the frames: arrays, as text (supabase.md §3). Binary ones only carry broadcasts. */
export const vsn = '2.0.0'

export interface PhoenixFrame {
  readonly joinRef: string | null
  readonly ref: string | null
  readonly topic: string
  readonly event: string
  readonly payload: unknown
}

const ref = z.union([z.string(), z.number().transform(String)]).nullable()
const frameSchema = z.tuple([ref, ref, z.string(), z.string(), z.unknown()])

/** Null for a text that is no frame. Never throws. */
export function parsePhoenix(text: string): PhoenixFrame | null {
  const parsed = frameSchema.safeParse(parseJson(text))
  if (!parsed.success) return null
  const [joinRef, own, topic, event, payload] = parsed.data
  return { joinRef, ref: own, topic, event, payload }
}

export function phoenixText({ joinRef, ref: own, topic, event, payload }: PhoenixFrame): string {
  return JSON.stringify([joinRef, own, topic, event, payload])
}
