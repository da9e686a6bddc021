// The door between the window and main: two physical channels, plain data, no logic and no secret.
// It must never hand ipcRenderer or an event object to the page.
import { contextBridge, ipcRenderer } from 'electron'
import type { IpcRendererEvent } from 'electron'
import { eventChannels, wire } from '../shared/ipc/channels.ts'

type Listener = (payload: unknown) => void

const listeners = new Map<string, Set<Listener>>(eventChannels.map((name) => [name, new Set()]))

ipcRenderer.on(wire.event, (_event: IpcRendererEvent, message: unknown) => {
  if (typeof message !== 'object' || message === null) return
  const { channel, payload } = message as { readonly channel?: unknown; readonly payload?: unknown }
  for (const listener of listeners.get(String(channel)) ?? []) listener(payload)
})

contextBridge.exposeInMainWorld('bridge', {
  // Any name is forwarded: main is the guard, and refuses an unknown one with a code.
  call: (channel: unknown, argument?: unknown): Promise<unknown> =>
    ipcRenderer.invoke(wire.call, { channel: String(channel), argument }),
  on: (channel: unknown, listener: Listener): (() => void) => {
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
})
