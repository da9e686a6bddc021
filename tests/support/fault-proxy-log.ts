import type { Actions, FrameKind, Place } from './fault-proxy-rules.ts'

/** Something that passed through the proxy, and what became of it. */
export interface ProxyEvent {
  readonly place: Place | 'closed'
  /** Connections of clients, counted from 1. */
  readonly connection: number
  readonly path?: string
  readonly frame?: FrameKind
  readonly text?: string
  readonly done: Actions[Place]['act'] | 'pass'
}

/** Everything that passed, in order. It may hold tokens: it is for tests alone. */
export class ProxyLog {
  readonly events: ProxyEvent[] = []

  add(event: ProxyEvent): void {
    this.events.push(event)
  }

  at(place: ProxyEvent['place'], done?: ProxyEvent['done']): ProxyEvent[] {
    return this.events.filter(
      (event) => event.place === place && (done === undefined || event.done === done),
    )
  }
}
