import type { Event, Input, WebContents } from 'electron'

/** The same key in the menu of macOS (menu.ts) and in the sheet that the window shows. */
export const newWindowAccelerator = 'CommandOrControl+Shift+N'

/**
 * Opens another window by Ctrl+Shift+N, where there is no menu to do it. The page does not get to
 * see that key.
 */
export function onNewWindowKey(contents: Pick<WebContents, 'on'>, open: () => void): void {
  contents.on('before-input-event', (event: Pick<Event, 'preventDefault'>, input) => {
    if (!isNewWindowKey(input)) return
    event.preventDefault()
    if (input.type === 'keyDown' && !input.isAutoRepeat) open()
  })
}

const isNewWindowKey = ({ key, control, shift, alt, meta }: Input): boolean =>
  key.toLowerCase() === 'n' && control && shift && !alt && !meta
