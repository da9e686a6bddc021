import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { next, startState, viewOf } from '../../../../src/main/session/session-state.ts'
import type { SessionEvent, SessionState } from '../../../../src/main/session/session-state.ts'
import { sessionViewSchema } from '../../../../src/shared/workspace.ts'

const states = {
  out: { kind: 'signed-out', reason: null },
  wrong: { kind: 'signed-out', reason: 'credentials_wrong' },
  restoring: { kind: 'restoring' },
  signing: { kind: 'signing-in' },
  locked: { kind: 'keychain-locked' },
  in: { kind: 'signed-in', expiresAtMs: 100 },
  doubt: { kind: 'unconfirmed', reason: 'offline', nextTryAtMs: 5 },
  ended: { kind: 'ended', reason: 'session_ended' },
} satisfies Record<string, SessionState>

const events = {
  restore: { kind: 'restore-started' },
  locked: { kind: 'keychain-found-locked' },
  nothing: { kind: 'nothing-kept', reason: null },
  useless: { kind: 'nothing-kept', reason: 'tenant_missing' },
  signIn: { kind: 'sign-in-started' },
  wrong: { kind: 'sign-in-failed', reason: 'credentials_wrong' },
  held: { kind: 'token-held', expiresAtMs: 200 },
  doubted: { kind: 'token-doubted', reason: 'timed_out', nextTryAtMs: 9 },
  refused: { kind: 'ended', reason: 'session_used_elsewhere' },
  signedOut: { kind: 'ended', reason: null },
} satisfies Record<string, SessionEvent>

const held: SessionState = { kind: 'signed-in', expiresAtMs: 200 }
const doubted: SessionState = { kind: 'unconfirmed', reason: 'timed_out', nextTryAtMs: 9 }
const refused: SessionState = { kind: 'ended', reason: 'session_used_elsewhere' }
const closed: SessionState = { kind: 'ended', reason: null }
type Row = Partial<Record<keyof typeof events, SessionState>>
const always: Row = { refused, signedOut: closed }

/** Every change there is; an event without an entry leaves the state as it is. */
const table: Record<keyof typeof states, Row> = {
  out: { ...always, restore: states.restoring, signIn: states.signing },
  wrong: { ...always, restore: states.restoring, signIn: states.signing },
  locked: { ...always, restore: states.restoring, signIn: states.signing },
  restoring: {
    ...always,
    locked: states.locked,
    nothing: states.out,
    useless: { kind: 'signed-out', reason: 'tenant_missing' },
    held,
    doubted,
  },
  signing: { ...always, wrong: states.wrong, held },
  in: { ...always, held, doubted },
  doubt: { ...always, held, doubted },
  ended: {},
}

const cases = Object.entries(states).flatMap(([from, state]) =>
  Object.entries(events).map(
    ([name, event]) =>
      [
        from,
        name,
        state,
        event,
        table[from as keyof typeof table][name as keyof Row] ?? state,
      ] as const,
  ),
)

describe('the states of a session', () => {
  it.each(cases)('%s, %s', (_from, _name, state, event, expected) => {
    expect(next(state, event)).toEqual(expected)
    if (expected === state) expect(next(state, event)).toBe(state)
  })

  it('are at most seven', () => {
    expect(new Set(Object.values(states).map(({ kind }) => kind)).size).toBeLessThanOrEqual(7)
  })

  it('always have a view that the wall lets through', () => {
    for (const state of Object.values(states)) sessionViewSchema.parse(viewOf(state))
  })

  it('never leave an end, and reach a held token only by restoring or signing in', () => {
    const anyEvent = fc.constantFrom<SessionEvent>(...Object.values(events))
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 40 }), (history) => {
        let state: SessionState = startState
        let begun = false
        let over = false
        for (const event of history) {
          begun ||= event.kind === 'restore-started' || event.kind === 'sign-in-started'
          state = next(state, event)
          over ||= event.kind === 'ended'
          if (over !== (state.kind === 'ended')) return false
          if (!begun && (state.kind === 'signed-in' || state.kind === 'unconfirmed')) return false
        }
        return true
      }),
      { numRuns: 2_000 },
    )
  })
})
