import { app } from 'electron'

/**
 * Holds the quit back until `close` is done, once. Every way out passes here: the last window, the
 * menu, a signal, the end of the desktop session.
 */
export function closeBeforeQuit(close: () => Promise<void>): void {
  let closed = false
  app.on('before-quit', (event) => {
    if (closed) return
    event.preventDefault()
    void close().finally(() => {
      closed = true
      app.quit()
    })
  })
}
