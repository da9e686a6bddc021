/** The clocks of the system, all in milliseconds. */
export interface SystemClocks {
  /** Wall clock; may jump. */
  readonly wall: () => number
  /** Never jumps; on Linux it stands still while the computer sleeps, elsewhere it goes on. */
  readonly steady: () => number
  /** Since the computer was started, sleep counted, whatever happens to the wall clock. Coarse. */
  readonly uptime: () => number
}

/** How far wall and steady time may part before the uptime is asked which of the two moved. */
const driftMs = 1_000

/**
 * Monotonic time in which sleep counts. A wall clock that is set moves it not at all; sleep shows as
 * wall and steady time parting while the uptime went along with the wall. The uptime is coarse and
 * costs a system call, so it is only asked then.
 */
export function sleepless({ wall, steady, uptime }: SystemClocks): () => number {
  const start = uptime() - steady()
  let drift = wall() - steady()
  let sleptMs = 0
  return () => {
    const now = steady()
    const parted = wall() - now
    if (Math.abs(parted - drift) > driftMs) {
      drift = parted
      const slept = uptime() - now - start
      if (slept - sleptMs > driftMs) sleptMs = slept
    }
    return now + sleptMs
  }
}
