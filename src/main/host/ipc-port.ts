// The physical end of IPC: the one place where ipcMain is used. It owns no meaning: it decides who
// sent a message and carries it, parsed by nobody, to the wall.
import type { BrowserWindow, IpcMain, IpcMainInvokeEvent } from 'electron'
import { failed } from '../../shared/failure.ts'
import { wire } from '../../shared/ipc/channels.ts'
import type { IpcPort, IpcSender } from '../ports.ts'

export interface IpcPortOptions {
  readonly ipcMain: Pick<IpcMain, 'handle' | 'removeHandler'>
  /** The origin that our window is served from. */
  readonly origin: string
}

/** The port, and where a new window is made known to it. */
export interface HostIpcPort extends IpcPort {
  readonly admit: (window: BrowserWindow) => void
}

type Call = Parameters<Parameters<IpcPort['onCall']>[0]>

export function openIpcPort({ ipcMain, origin }: IpcPortOptions): HostIpcPort {
  const windows = new Map<number, BrowserWindow>()
  const closedListeners = new Set<(windowId: number) => void>()
  const notServing = (): Promise<unknown> =>
    Promise.resolve(failed('cancelled', 'the app is starting or closing'))
  let handler: (...call: Call) => Promise<unknown> = notServing

  ipcMain.handle(wire.call, (event, message: unknown) => {
    // The sender is read before anything is awaited: a frame that navigates away reads as null.
    const sender = senderOf(event, windows, origin)
    const { channel, argument } = unwrap(message)
    return handler(channel, argument, sender)
  })

  return {
    admit(window) {
      const { id } = window.webContents
      windows.set(id, window)
      window.once('closed', () => {
        windows.delete(id)
        for (const listener of [...closedListeners]) listener(id)
      })
    },
    onCall(next) {
      handler = next
      return () => {
        handler = notServing
      }
    },
    send(channel, payload, windowId) {
      for (const [id, window] of windows) {
        if (windowId !== undefined && windowId !== id) continue
        if (!window.isDestroyed()) window.webContents.send(wire.event, { channel, payload })
      }
    },
    onWindowClosed(listener) {
      closedListeners.add(listener)
      return () => {
        closedListeners.delete(listener)
      }
    },
  }
}

/** Trusted: one of our windows, its main frame, on our origin, still there. */
function senderOf(
  event: IpcMainInvokeEvent,
  windows: ReadonlyMap<number, BrowserWindow>,
  origin: string,
): IpcSender {
  const frame = event.senderFrame
  const window = windows.get(event.sender.id)
  const trusted =
    window !== undefined &&
    !window.isDestroyed() &&
    frame !== null &&
    frame === window.webContents.mainFrame &&
    frame.origin === origin
  return { windowId: event.sender.id, trusted }
}

function unwrap(message: unknown): { readonly channel: string; readonly argument: unknown } {
  if (typeof message !== 'object' || message === null) return { channel: '', argument: undefined }
  const { channel, argument } = message as { channel?: unknown; argument?: unknown }
  return { channel: typeof channel === 'string' ? channel : '', argument }
}
