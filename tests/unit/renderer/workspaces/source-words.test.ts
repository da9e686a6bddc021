import { expect, it } from 'vitest'
import { sourceWords } from '../../../../src/renderer/workspaces/source-words.ts'
import type { SourceView } from '../../../../src/shared/workspace.ts'

const now = 1_000_000
const source: SourceView = {
  kind: 'progress',
  state: 'live',
  sockets: 14,
  nextTryAtMs: null,
  reason: null,
}

it.each([
  [{}, 'clear', 'Progress sockets 14'],
  [{ sockets: 1_000 }, 'clear', 'Progress sockets 1,000'],
  [{ kind: 'realtime', sockets: 1 }, 'clear', 'Realtime'],
  [{ state: 'connecting' }, 'move', 'Progress sockets connecting'],
  [
    { kind: 'socketio', state: 'reconnecting', nextTryAtMs: now + 2_100 },
    'caution',
    'Socket.IO retry in 3 s',
  ],
  [{ state: 'reconnecting' }, 'caution', 'Progress sockets retry now'],
  [
    { state: 'stopped', reason: 'token_expired' },
    'danger',
    'Progress sockets stopped: token expired',
  ],
  [{ state: 'idle' }, 'idle', 'Progress sockets idle'],
] as const)('%j is %s: %s', (changed, tone, text) => {
  expect(sourceWords({ ...source, ...changed }, now)).toEqual({ tone, text })
})
