import type { ConnectionView, SourceDown } from '../../shared/workspace.ts'
import { wordsFor } from '../diagnostics/wording.ts'
import { formatAge, formatMoment, formatWaitUntil } from '../ui/format.ts'
import type { LightShape, LightTone } from '../ui/light.tsx'
import { downWords, sourceNames, waitWords } from './source-words.ts'

export interface LampWords {
  readonly tone: LightTone
  readonly shape: LightShape
  /** In a word or two, for the rail. */
  readonly word: string
  readonly strong: string
  readonly rest: string
  /** Why, where there is a why. */
  readonly reason: string | null
  /** True when the operator can shorten the wait. */
  readonly canTry: boolean
}

/** "Live" may be claimed this long after the last thing heard (I14). */
const liveForMs = 12_000

/** Something is heard now, by all sources or by some. */
export const isHeard = ({ kind }: ConnectionView): boolean => kind === 'live' || kind === 'partial'

/** The truth about a connection in words; pure, and renewed every second by its caller. */
export function lampWords(connection: ConnectionView, nowMs: number): LampWords {
  switch (connection.kind) {
    case 'idle':
      return words({ word: 'not connected', strong: 'Not connected' })
    case 'connecting': {
      const forMs = nowMs - connection.sinceMs
      const rest = [
        forMs >= 3_000 ? `for ${formatWhole(forMs)}` : '',
        asOf(connection.asOfMs, nowMs),
      ].filter((part) => part !== '')
      const told = { word: 'connecting', strong: 'Connecting', rest: rest.join(', ') }
      return words({ tone: 'move', shape: 'hollow', ...told })
    }
    case 'live':
      return heardWords(connection.heardAtMs, nowMs) ?? silent(connection.heardAtMs, nowMs)
    case 'partial':
      return partialWords(connection, nowMs)
    case 'reconnecting': {
      return words({
        ...troubled,
        word: 'reconnecting',
        strong: waitWords('Reconnecting', connection.nextTryAtMs, nowMs),
        rest: asOf(connection.asOfMs, nowMs),
        ...because(connection.reason),
      })
    }
    case 'offline':
      return offlineWords(connection, nowMs)
    case 'refused': {
      const { reason, text } = wordsFor(connection.reason)
      const told = { strong: `Refused: ${reason}`, rest: asOf(connection.asOfMs, nowMs) }
      return words({ tone: 'danger', shape: 'barred', word: 'refused', ...told, reason: text })
    }
    default:
      return connection satisfies never
  }
}

function heardWords(heardAtMs: number, nowMs: number): LampWords | null {
  const ageMs = Math.max(0, nowMs - heardAtMs)
  if (ageMs > liveForMs) return null
  const rest = `heard ${formatAge(ageMs)} ago`
  return words({ tone: 'clear', shape: 'full', word: 'live', strong: 'Live', rest })
}

function silent(heardAtMs: number, nowMs: number): LampWords {
  const strong = `As of ${formatMoment(heardAtMs, nowMs)}`
  return words({ ...troubled, word: 'silent', strong, rest: 'nothing heard since' })
}

function partialWords(
  { heardAtMs, down }: Extract<ConnectionView, { kind: 'partial' }>,
  nowMs: number,
): LampWords {
  const heard = heardWords(heardAtMs, nowMs)
  if (heard === null) return { ...silent(heardAtMs, nowMs), canTry: true }
  return {
    ...heard,
    tone: 'caution',
    shape: 'half',
    word: 'partly live',
    rest: downWords(down, nowMs),
    reason: reasonsOf(down),
    canTry: true,
  }
}

/** Every source that is down for a reason, with it. */
function reasonsOf(down: readonly SourceDown[]): string | null {
  const told = down.flatMap(({ kind, reason }) =>
    reason === null ? [] : [`${sourceNames[kind]}: ${wordsFor(reason).title}.`],
  )
  return told.length === 0 ? null : told.join(' ')
}

function offlineWords(
  connection: Extract<ConnectionView, { kind: 'offline' }>,
  nowMs: number,
): LampWords {
  const { asOfMs, sinceMs, nextTryAtMs, reason } = connection
  const next =
    nextTryAtMs === null || nextTryAtMs <= nowMs
      ? 'trying now'
      : `next try in ${formatWaitUntil(nextTryAtMs, nowMs)}`
  const since = `for ${formatWhole(nowMs - sinceMs)}, ${next}`
  const told =
    asOfMs === null
      ? { strong: 'Offline', rest: since }
      : { strong: `As of ${formatMoment(asOfMs, nowMs)}`, rest: `offline ${since}` }
  return words({ ...troubled, word: 'offline', ...told, ...because(reason) })
}

const asOf = (atMs: number | null, nowMs: number): string =>
  atMs === null ? '' : `as of ${formatMoment(atMs, nowMs)}`

/** An age without tenths: a wait is not a measurement. */
const formatWhole = (ms: number): string => formatAge(Math.max(ms, 0)).replace(/\.\d/, '')

const troubled = { tone: 'caution', shape: 'hollow' } as const

const words = (told: Partial<LampWords> & Pick<LampWords, 'word' | 'strong'>): LampWords => ({
  tone: 'idle',
  shape: 'dashed',
  rest: '',
  reason: null,
  canTry: false,
  ...told,
})

const because = (code: Parameters<typeof wordsFor>[0]): Pick<LampWords, 'reason' | 'canTry'> => ({
  reason: `${wordsFor(code).title}. ${wordsFor(code).text}`,
  canTry: true,
})
