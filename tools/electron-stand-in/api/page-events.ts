import type { EventEmitter } from 'node:events'
import type { CdpSession } from '../browser/cdp.ts'
import type { Schemes } from '../browser/schemes.ts'
import { createEvent } from './events.ts'

/** Tells a page's loading and console as events of its `WebContents`. */
export function relayPage(
  contents: EventEmitter & { readonly getURL: () => string },
  session: CdpSession,
): void {
  const tell = (level: string, message: string): void => {
    contents.emit('console-message', { ...createEvent(), level, message })
  }
  session.on('Page.domContentEventFired', () => contents.emit('dom-ready', createEvent()))
  session.on('Page.loadEventFired', () => {
    // The empty page that a window begins with is nobody's.
    if (contents.getURL() !== '') contents.emit('did-finish-load', createEvent())
  })
  session.on('Log.entryAdded', ({ entry }) => tell(entry.level, entry.text))
  session.on('Runtime.consoleAPICalled', ({ type, args }) => {
    tell(type, args.map((arg) => String(arg.value ?? arg.description ?? arg.type)).join(' '))
  })
}

export interface WayBack {
  readonly schemes: Schemes
  readonly isAllowed: (url: string) => boolean
  readonly load: (url: string) => Promise<void>
}

/**
 * A navigation without a request (`about:blank`) cannot be held: it is judged when it happened,
 * and the window loads its former address again when it was not allowed.
 */
export function bringBack(session: CdpSession, { schemes, isAllowed, load }: WayBack): void {
  let last = ''
  session.on('Page.frameNavigated', ({ frame }) => {
    if (frame.parentId !== undefined) return
    const url = schemes.toApp(frame.url)
    if (schemes.ofApp(url) !== null) last = url
    else if (/^(about|blob|data):/.test(url) && last !== '' && !isAllowed(url)) {
      load(last).catch(() => {})
    }
  })
}
