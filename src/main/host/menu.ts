import { Menu } from 'electron'
import { newWindowAccelerator } from './new-window-key.ts'

export interface MenuActs {
  readonly openWindow: () => void
}

/** macOS needs a menu for the clipboard and for quitting; elsewhere the window has all there is. */
export function setMenu(platform: NodeJS.Platform, { openWindow }: MenuActs): void {
  if (platform !== 'darwin') {
    Menu.setApplicationMenu(null)
    return
  }
  Menu.setApplicationMenu(
    Menu.buildFromTemplate([
      { role: 'appMenu' },
      {
        label: 'File',
        submenu: [
          { label: 'New Window', accelerator: newWindowAccelerator, click: openWindow },
          { type: 'separator' },
          { role: 'close' },
        ],
      },
      { role: 'editMenu' },
      {
        label: 'View',
        submenu: [
          { role: 'resetZoom' },
          { role: 'zoomIn' },
          { role: 'zoomOut' },
          { type: 'separator' },
          { role: 'togglefullscreen' },
        ],
      },
      { role: 'windowMenu' },
    ]),
  )
}
