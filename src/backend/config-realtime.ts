import { z } from 'zod'
import { defaultRealtimeLimits, type RealtimeLimits } from './supabase/realtime/realtime-limits.ts'

const names = Object.keys(defaultRealtimeLimits) as (keyof RealtimeLimits)[]

/** As TOML writes names: `frame_bytes`. */
const written = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const limit = z.int().min(0).max(2_147_483_647).optional()

/** `[signalbox.realtime]`: each of Realtime's limits by its name; what is not known is refused. */
export const realtimeSection = z
  .strictObject(Object.fromEntries(names.map((name) => [written(name), limit])))
  .transform((read): Partial<RealtimeLimits> =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = read[written(name)]
        return value === undefined ? [] : [[name, value]]
      }),
    ),
  )
