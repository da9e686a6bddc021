/** How connection and sources stand in each scene. */
import type { FailureCode } from '../../../src/shared/failure.ts'
import type { ConnectionView, SourceView } from '../../../src/shared/workspace.ts'
import type { Scene, SceneName } from './scene.ts'

const kinds = ['stream', 'realtime', 'progress', 'socketio', 'polling'] as const
type SourceKind = (typeof kinds)[number]

const dayMs = 86_400_000

const live = (kind: SourceKind): SourceView => ({
  kind,
  state: kind === 'polling' ? 'polling' : 'live',
  sockets: kind === 'progress' ? 14 : kind === 'polling' ? 0 : 1,
  nextTryAtMs: null,
  reason: null,
})

type Standing = (kind: SourceKind, now: number) => Partial<SourceView>

const lost: Standing = (_kind, now) => ({
  state: 'reconnecting',
  sockets: 0,
  nextTryAtMs: now + 28_000,
  reason: 'unreachable',
})
const dialled: Standing = () => ({ state: 'connecting', sockets: 0 })
const refused = (reason: FailureCode): Standing => {
  return () => ({ state: 'stopped', sockets: 0, reason })
}
const only =
  (wanted: SourceKind, standing: Standing): Standing =>
  (kind, now) =>
    kind === wanted ? standing(kind, now) : {}

/** What differs from a source that is live. */
const standings: Partial<Record<SceneName, Standing>> = {
  connecting: dialled,
  restored: (kind, now) => ({ ...lost(kind, now), reason: 'offline' }),
  offline: (kind, now) => ({ ...lost(kind, now), reason: 'offline' }),
  reconnecting: lost,
  refused: refused('token_expired'),
  partial: only('stream', (kind, now) => ({ ...lost(kind, now), nextTryAtMs: now + 3_000 })),
  stopped: only('realtime', refused('forbidden')),
  polling: only('realtime', (_kind, now) => ({
    state: 'polling',
    sockets: 0,
    nextTryAtMs: now + 8_000,
    reason: 'timed_out',
  })),
  recovered: (kind, now) => ({
    gap: { atMs: now - 500, recovered: kind === 'stream' ? 12 : 0, missing: 0 },
  }),
  'gap-unknown': (_kind, now) => ({ gap: { atMs: now - 500, recovered: 0, missing: null } }),
}

const sourceFor = (name: SceneName, kind: SourceKind, now: number): SourceView => ({
  ...live(kind),
  ...standings[name]?.(kind, now),
})

export function sourcesFor({ name, sources }: Scene, now: number): SourceView[] {
  // The polling scene is about Realtime, the others about whatever comes first.
  const wanted: readonly SourceKind[] =
    sources === 1 && (name === 'polling' || name === 'stopped')
      ? ['realtime']
      : sources === 1
        ? [name === 'partial' || name === 'recovered' ? 'stream' : 'progress']
        : kinds.slice(0, sources)
  return wanted.map((kind) => sourceFor(name, kind, now))
}

/** What differs from a connection that is live. */
const connections: Partial<Record<SceneName, (scene: Scene, now: number) => ConnectionView>> = {
  locked: () => ({ kind: 'idle' }),
  connecting: (_scene, now) => ({ kind: 'connecting', sinceMs: now, asOfMs: null }),
  restored: (_scene, now) => ({
    kind: 'offline',
    asOfMs: now - dayMs,
    sinceMs: now - 9_000,
    ...later(now),
  }),
  reconnecting: (_scene, now) => ({
    kind: 'reconnecting',
    ...since(now - 4_000),
    ...later(now),
    reason: 'unreachable',
  }),
  offline: (_scene, now) => ({ kind: 'offline', ...since(now - 372_000), ...later(now) }),
  refused: (_scene, now) => ({
    kind: 'refused',
    asOfMs: now - 20_000,
    reason: 'token_expired',
  }),
  partial: (scene, now) => partial(sourcesFor(scene, now), now),
  stopped: (scene, now) => partial(sourcesFor(scene, now), now),
}

export const connectionFor = (scene: Scene, now: number): ConnectionView =>
  connections[scene.name]?.(scene, now) ?? { kind: 'live', heardAtMs: now - 200 }

const since = (atMs: number) => ({ asOfMs: atMs, sinceMs: atMs })
const later = (now: number) => ({ nextTryAtMs: now + 28_000, reason: 'offline' }) as const

function partial(sources: readonly SourceView[], now: number): ConnectionView {
  const down = sources.flatMap(({ kind, state, reason, nextTryAtMs }) =>
    state === 'live' || state === 'polling' ? [] : [{ kind, state, reason, nextTryAtMs }],
  )
  return down.length === 0
    ? { kind: 'live', heardAtMs: now - 200 }
    : { kind: 'partial', heardAtMs: now - 200, down }
}
