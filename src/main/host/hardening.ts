// What a window may never do, whatever it loads: applied to every session and every web contents.
import type { App, Event, Session, WebContents } from 'electron'

/** The only thing a page of ours may ask of the computer. */
const permitted = new Set(['clipboard-sanitized-write'])

/** Applies to web contents that exist from now on; called before the first window. */
export function hardenApp(app: Pick<App, 'on'>): void {
  app.on('web-contents-created', (_event, contents) => hardenContents(contents))
}

/** Request and check handlers are both needed, and devices and screens have their own. */
export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => {
    answer(permitted.has(permission))
  })
  session.setPermissionCheckHandler((_contents, permission) => permitted.has(permission))
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, answer) => answer({}))
}

function hardenContents(contents: WebContents): void {
  const prevent = (event: Pick<Event, 'preventDefault'>): void => event.preventDefault()
  contents.on('will-navigate', prevent)
  contents.on('will-redirect', prevent)
  contents.on('will-frame-navigate', prevent)
  contents.on('will-attach-webview', prevent)
  contents.setWindowOpenHandler(() => ({ action: 'deny' }))
}
