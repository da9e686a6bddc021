// The one timer of a workspace: looks every second whether the computer slept or the network came
// back. It owns that timer and nothing else.
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
  let online = network.isOnline()
  let last = clock.now()
  let cancel = clock.after(beatMs, beat)
  scope.own(() => cancel())

  function beat(): void {
    if (scope.closed) return
    cancel = clock.after(beatMs, beat)
    const now = clock.now()
    const slept = now - last > beatMs + sleptMs
    const isOnline = network.isOnline()
    const returned = isOnline && !online
    last = now
    online = isOnline
    if (slept || returned) onWake()
    onBeat()
  }
}
