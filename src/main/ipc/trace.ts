// A diagnostic copy of everything that crosses the wall, one JSON line a message. It changes nothing.
import type { Clock, IpcPort } from '../ports.ts'

/**
 * Wraps a port so that every call, answer and event is also written as a line. Messages are written
 * as they are, because the trace has to show a leak if there is one; only what the operator types as
 * a password is masked, by its place in the contract.
 */
export function traceIpc(port: IpcPort, clock: Clock, write: (line: string) => void): IpcPort {
  let calls = 0
  const line = (entry: Record<string, unknown>): void => {
    write(JSON.stringify({ at: new Date(clock.now()).toISOString(), ...entry }))
  }
  return {
    onCall: (handler) =>
      port.onCall(async (channel, argument, sender) => {
        calls += 1
        const call = calls
        const { windowId, trusted } = sender
        line({ way: 'in', call, channel, windowId, trusted, body: withoutPassword(argument) })
        const answer = await handler(channel, argument, sender)
        line({ way: 'out', call, channel, windowId, body: answer })
        return answer
      }),
    send: (channel, payload, windowId) => {
      line({ way: 'out', channel, windowId: windowId ?? null, body: payload })
      port.send(channel, payload, windowId)
    },
    onWindowClosed: (listener) => port.onWindowClosed(listener),
  }
}

/** Passwords stand in two places of the contract: typed at sign-in, and in a profile's demo users. */
function withoutPassword(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPassword)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === 'password' ? '[secret]' : withoutPassword(inner),
    ]),
  )
}
