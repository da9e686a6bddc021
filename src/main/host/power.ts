import { powerMonitor } from 'electron'
import type { Power } from '../ports.ts'

/** Only after the app is ready; `resume` may come twice, which listeners have to bear. */
export function openPower(): Power {
  return {
    onResumed(listener) {
      powerMonitor.on('resume', listener)
      return () => powerMonitor.off('resume', listener)
    },
    onSuspended(listener) {
      powerMonitor.on('suspend', listener)
      return () => powerMonitor.off('suspend', listener)
    },
  }
}
