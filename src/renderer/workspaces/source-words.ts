import type { SourceDown, SourceView } from '../../shared/workspace.ts'
import { wordsFor } from '../diagnostics/wording.ts'
import { formatWaitUntil, formatWhole, plural } from '../ui/format.ts'
import type { LightShape, LightTone } from '../ui/light.tsx'

export type SourceKind = SourceView['kind']

export const sourceNames = {
  progress: 'Progress sockets',
  stream: 'Tenant stream',
  socketio: 'Socket.IO',
  realtime: 'Realtime',
  polling: 'Polling',
} satisfies Record<SourceKind, string>

/** In the middle of a sentence only names of products keep their capital. */
export const sourceNamesWithin = {
  ...sourceNames,
  progress: 'progress sockets',
  stream: 'tenant stream',
  polling: 'polling',
} satisfies Record<SourceKind, string>

export interface SourceWords {
  readonly tone: LightTone
  readonly shape: LightShape
  /** In one line: "Progress sockets 14", "Socket.IO reconnecting in 3 s". */
  readonly text: string
  /** Without the name: "Live, 14 sockets", "Reconnecting in 3 s". */
  readonly state: string
  /** Why it is not live, and what to do; null when there is nothing to say. */
  readonly why: string | null
}

/** A source that brings what happens as it happens; polling does so only where nothing else was asked for. */
export const isUp = ({ kind, state }: SourceView): boolean =>
  state === 'live' || (state === 'polling' && kind === 'polling')

/** One source in words; a wait is counted down by whoever calls again. */
export function sourceWords(source: SourceView, nowMs: number): SourceWords {
  const { kind, state, nextTryAtMs } = source
  const told = (look: readonly [LightTone, LightShape], words: string): SourceWords => ({
    tone: look[0],
    shape: look[1],
    text: `${sourceNames[kind]} ${words}`,
    state: capital(words),
    why: whyOf(source),
  })
  if (isUp(source)) return upWords(source)
  switch (state) {
    case 'live':
    case 'polling': {
      const next = waitWords('tried again', nextTryAtMs, nowMs)
      return told(['caution', 'half'], `down, asking every 5 s, ${next}`)
    }
    case 'connecting':
      return told(['move', 'hollow'], 'connecting')
    case 'reconnecting':
      return told(['caution', 'hollow'], waitWords('reconnecting', nextTryAtMs, nowMs))
    case 'stopped': {
      const reason = source.reason === null ? '' : `: ${wordsFor(source.reason).reason}`
      return told(['danger', 'barred'], `stopped${reason}`)
    }
    case 'idle':
      return told(['idle', 'dashed'], 'idle')
    default:
      return state satisfies never
  }
}

/** What is up may still have something to say: more jobs than sockets, for one. */
function upWords(source: SourceView): SourceWords {
  const { kind, sockets, reason } = source
  const name = sourceNames[kind]
  const but = reason === null ? '' : `: ${wordsFor(reason).reason}`
  const told = (text: string, state: string): SourceWords => ({
    tone: reason === null ? 'clear' : 'caution',
    shape: 'full',
    text: `${text}${but}`,
    state: `${state}${but}`,
    why: whyOf(source),
  })
  if (kind === 'polling') return told(`${name} every 5 s`, 'Asking every 5 s')
  if (kind !== 'progress') return told(name, 'Live')
  return told(`${name} ${formatWhole(sockets)}`, `Live, ${plural(sockets, 'socket')}`)
}

/** What the sources that are down come to, in the middle of a sentence: "tenant stream reconnecting in 3 s". */
export function downWords(down: readonly SourceDown[], nowMs: number): string {
  const [first] = down
  if (first === undefined) return ''
  const soonest = down.reduce<number | null>((known, { nextTryAtMs }) => {
    if (nextTryAtMs === null) return known
    return known === null ? nextTryAtMs : Math.min(known, nextTryAtMs)
  }, null)
  const who = down.length === 1 ? sourceNamesWithin[first.kind] : `${down.length} sources`
  const states = new Set(down.map(({ state }) => state))
  if (states.size > 1) return `${who} down`
  if (first.state === 'reconnecting') return `${who} ${waitWords('reconnecting', soonest, nowMs)}`
  const reason =
    first.state === 'stopped' && first.reason !== null && down.length === 1
      ? `: ${wordsFor(first.reason).reason}`
      : ''
  return `${who} ${first.state}${reason}`
}

export interface SourcesSummary {
  /** "5 sources live", "4 of 5 sources live". */
  readonly text: string
  /** The one that needs attention most; null when none does, and when none is up: that is in the header. */
  readonly worst: SourceWords | null
}

const gravity = {
  stopped: 0,
  reconnecting: 1,
  polling: 2,
  connecting: 3,
  idle: 4,
  live: 5,
} as const

export function sourcesSummary(sources: readonly SourceView[], nowMs: number): SourcesSummary {
  const up = sources.filter(isUp).length
  const all = plural(sources.length, 'source')
  const [worst] = sources
    .filter((source) => !isUp(source) || source.reason !== null)
    .sort((a, b) => gravity[a.state] - gravity[b.state])
  return {
    text: up === sources.length ? `${all} live` : `${up === 0 ? 'None' : up} of ${all} live`,
    worst: worst === undefined || up === 0 ? null : sourceWords(worst, nowMs),
  }
}

function whyOf({ reason }: SourceView): string | null {
  if (reason === null) return null
  const { title, text } = wordsFor(reason)
  return `${title}. ${text}`
}

/** "reconnecting in 3 s", "reconnecting now". */
export const waitWords = (what: string, atMs: number | null, nowMs: number): string =>
  atMs === null || atMs <= nowMs ? `${what} now` : `${what} in ${formatWaitUntil(atMs, nowMs)}`

const capital = (words: string): string => words.slice(0, 1).toUpperCase() + words.slice(1)
