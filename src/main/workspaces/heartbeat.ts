// The one timer of a workspace: looks every second whether the computer slept, moved to another
// network, or came back to one. It owns that timer and nothing else.
import type { Scope } from '../lib/scope.ts'
import type { Clock, Network } from '../ports.ts'

const beatMs = 1_000
/** A beat that comes this late says that the computer slept, also where no resume event came. */
const sleptMs = 5_000

export interface HeartbeatOptions {
  readonly scope: Scope
  readonly clock: Clock
  readonly network: Network
  readonly onBeat: () => void
  /** Called when whatever was connected may be dead, or may be reachable again. */
  readonly onWake: () => void
}

export function startHeartbeat({ scope, clock, network, onBeat, onWake }: HeartbeatOptions): void {
  const look = () => ({
    wallMs: clock.now(),
    steadyMs: clock.monotonic(),
    isOnline: network.isOnline(),
    place: network.place(),
  })
  let last = look()
  let cancel = clock.after(beatMs, beat)
  scope.own(() => cancel())

  function beat(): void {
    if (scope.closed) return
    cancel = clock.after(beatMs, beat)
    const now = look()
    // The wall clock as well: a virtual machine that was held up has only that. One that was set
    // wakes for nothing, which does no harm; set back, it does not count as a short beat.
    const beatTookMs = Math.max(now.steadyMs - last.steadyMs, now.wallMs - last.wallMs)
    const slept = beatTookMs > beatMs + sleptMs
    const returned = now.isOnline && !last.isOnline
    const moved = now.place !== last.place
    last = now
    if (slept || returned || moved) onWake()
    onBeat()
  }
}
