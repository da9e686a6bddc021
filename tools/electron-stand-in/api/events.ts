import type { Frame } from '../browser/frames.ts'

export interface NavigationEvent {
  readonly url: string
  readonly frame: Frame
  readonly isMainFrame: boolean
  readonly isSameDocument: false
  readonly initiator: Frame | null
  defaultPrevented: boolean
  preventDefault: () => void
}

export function createNavigationEvent(frame: Frame, url: string): NavigationEvent {
  const event: NavigationEvent = {
    url,
    frame,
    isMainFrame: frame.parent === null,
    isSameDocument: false,
    initiator: null,
    defaultPrevented: false,
    preventDefault: () => {
      event.defaultPrevented = true
    },
  }
  return event
}

export interface PreventableEvent {
  defaultPrevented: boolean
  preventDefault: () => void
}

export function createEvent(): PreventableEvent {
  const event: PreventableEvent = {
    defaultPrevented: false,
    preventDefault: () => {
      event.defaultPrevented = true
    },
  }
  return event
}
