// The wall, outward: parses what main says to its windows. It owns no state but its scope, and
// says nothing once that scope is silent.
import { events } from '../../shared/ipc/contract.ts'
import type { EventPayload } from '../../shared/ipc/contract.ts'
import type { EventChannel } from '../../shared/ipc/channels.ts'
import type { Log } from '../lib/log.ts'
import type { IpcPort } from '../ports.ts'
import { fieldOf } from './field-of.ts'

/** Sends an event to every window, or to one. */
export type Publish = <E extends EventChannel>(
  channel: E,
  payload: EventPayload<E>,
  windowId?: number,
) => void

export interface PublishOptions {
  readonly port: IpcPort
  readonly log: Log
  /** Nothing is sent after it aborted. */
  readonly signal: AbortSignal
}

export function createPublish({ port, log, signal }: PublishOptions): Publish {
  return (channel, payload, windowId) => {
    if (signal.aborted) return
    const parsed = events[channel].safeParse(payload)
    if (parsed.success) port.send(channel, parsed.data, windowId)
    else log.error('an event breaks the contract', { channel, field: fieldOf(parsed.error) })
  }
}
