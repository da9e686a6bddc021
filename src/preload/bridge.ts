// The door between the window and main: two physical channels, plain data, no logic and no secret.
// It must never hand ipcRenderer or an event object to the page.
import { eventChannels, wire } from '../shared/ipc/channels.ts'

type Listener = (payload: unknown) => void

/** What the door uses of `ipcRenderer`. */
export interface IpcEnd {
  readonly on: (channel: string, listener: (event: unknown, message: unknown) => void) => unknown
  readonly invoke: (channel: string, message: unknown) => Promise<unknown>
}

export interface RawBridge {
  readonly call: (channel: unknown, argument?: unknown) => Promise<unknown>
  readonly on: (channel: unknown, listener: Listener) => () => void
}

export function openBridge(ipc: IpcEnd): RawBridge {
  const listeners = new Map<string, Set<Listener>>(eventChannels.map((name) => [name, new Set()]))
  ipc.on(wire.event, (_event, message) => {
    if (typeof message !== 'object' || message === null) return
    const { channel, payload } = message as { channel?: unknown; payload?: unknown }
    for (const listener of listeners.get(String(channel)) ?? []) listener(payload)
  })
  return {
    // Any name is forwarded: main is the guard, and refuses an unknown one with a code.
    call: (channel, argument) => ipc.invoke(wire.call, { channel: String(channel), argument }),
    on: (channel, listener) => {
      const own: Listener = (payload) => {
        listener(payload)
      }
      const set = listeners.get(String(channel))
      if (set === undefined) throw new Error('no such event')
      set.add(own)
      return () => {
        set.delete(own)
      }
    },
  }
}
