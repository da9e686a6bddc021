/** How new work is heard of. Exactly one of the two at a time, and the words say which. */
export type InboxState =
  | { readonly kind: 'realtime' }
  | {
      readonly kind: 'polling'
      readonly why: string
      /** Attempts to subscribe that failed since Realtime was last up. */
      readonly failures: number
    }

export type InboxEvent =
  | { readonly kind: 'subscribed' }
  /** Refused, timed out, closed or silent; `why` is one sentence. */
  | { readonly kind: 'lost'; readonly why: string }

export const firstInboxState: InboxState = {
  kind: 'polling',
  why: 'Realtime is being subscribed to',
  failures: 0,
}

export function nextInboxState(state: InboxState, event: InboxEvent): InboxState {
  if (event.kind === 'subscribed') return { kind: 'realtime' }
  const failures = state.kind === 'polling' ? state.failures + 1 : 1
  return { kind: 'polling', why: event.why, failures }
}

const steps = [1_000, 2_000, 5_000, 10_000, 30_000]

/** How long until the next attempt, in milliseconds, with up to a quarter of chance on top. */
export function resubscribeDelayMs(failures: number, random: () => number = Math.random): number {
  const base = steps[Math.min(failures, steps.length) - 1] ?? 1_000
  return Math.round(base * (1 + random() / 4))
}
