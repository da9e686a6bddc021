import type { z } from 'zod'

/** Where a value broke its schema, never the value itself: `profile.supabaseUrl`, or `argument` for the whole. */
export function fieldOf(error: z.ZodError): string {
  const path = error.issues[0]?.path ?? []
  return path.length === 0 ? 'argument' : path.map(String).join('.').slice(0, 128)
}
