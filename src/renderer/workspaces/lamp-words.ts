import type { ConnectionView } from '../../shared/workspace.ts'
import { wordsFor } from '../diagnostics/wording.ts'
import { formatAge, formatMoment, formatWait } from '../ui/format.ts'
import { sourceWords } from './source-words.ts'

export interface LampWords {
  readonly tone: 'clear' | 'caution' | 'danger' | 'move' | 'idle'
  /** Filled when something was heard, hollow when not. */
  readonly filled: boolean
  readonly strong: string
  readonly rest: string
  /** Why, where there is a why. */
  readonly reason: string | null
  /** True when the operator can shorten the wait. */
  readonly canTry: boolean
}

/** "Live" may be claimed this long after the last thing heard (I14). */
const liveForMs = 12_000

const nextTry = (nextTryAtMs: number | null, nowMs: number): string =>
  nextTryAtMs === null || nextTryAtMs <= nowMs
    ? 'trying now'
    : `next try in ${formatWait(nextTryAtMs - nowMs)}`

/** The truth about a connection in words; pure, and renewed every second by its caller. */
export function lampWords(connection: ConnectionView, nowMs: number): LampWords {
  switch (connection.kind) {
    case 'idle':
      return words('idle', 'Not connected')
    case 'connecting': {
      const forMs = nowMs - connection.sinceMs
      const rest = [
        forMs >= 3_000 ? `for ${formatWhole(forMs)}` : '',
        connection.asOfMs === null ? '' : `as of ${formatMoment(connection.asOfMs, nowMs)}`,
      ]
      return words('move', 'Connecting', rest.filter((part) => part !== '').join(', '))
    }
    case 'live': {
      const ageMs = Math.max(0, nowMs - connection.heardAtMs)
      if (ageMs <= liveForMs) {
        return { ...words('clear', 'Live', `heard ${formatAge(ageMs)} ago`), filled: true }
      }
      return words(
        'caution',
        `As of ${formatMoment(connection.heardAtMs, nowMs)}`,
        'nothing heard since',
      )
    }
    case 'partial':
      return partialWords(connection, nowMs)
    case 'reconnecting': {
      const waitMs = (connection.nextTryAtMs ?? 0) - nowMs
      const strong = waitMs > 0 ? `Reconnecting in ${formatWait(waitMs)}` : 'Reconnecting now'
      const rest =
        connection.asOfMs === null ? '' : `as of ${formatMoment(connection.asOfMs, nowMs)}`
      return { ...words('caution', strong, rest), ...because(connection.reason) }
    }
    case 'offline': {
      const rest = `offline for ${formatWhole(nowMs - connection.sinceMs)}, ${nextTry(connection.nextTryAtMs, nowMs)}`
      const strong =
        connection.asOfMs === null ? 'Offline' : `As of ${formatMoment(connection.asOfMs, nowMs)}`
      const short = connection.asOfMs === null ? rest.replace(/^offline /, '') : rest
      return { ...words('caution', strong, short), ...because(connection.reason) }
    }
    case 'refused': {
      const rest =
        connection.asOfMs === null ? '' : `as of ${formatMoment(connection.asOfMs, nowMs)}`
      const { reason, text } = wordsFor(connection.reason)
      return { ...words('danger', `Refused: ${reason}`, rest), reason: text }
    }
    default:
      return connection satisfies never
  }
}

function partialWords(
  { heardAtMs, down }: Extract<ConnectionView, { kind: 'partial' }>,
  nowMs: number,
): LampWords {
  const ageMs = Math.max(0, nowMs - heardAtMs)
  const rest = down.map((source) => sourceWords({ ...source, sockets: 0 }, nowMs).text).join(', ')
  if (ageMs > liveForMs) return words('caution', `As of ${formatMoment(heardAtMs, nowMs)}`, rest)
  const named = down.find(({ reason }) => reason !== null)?.reason
  const told = { ...words('caution', 'Partly live', rest), filled: true, canTry: true }
  return named === undefined || named === null ? told : { ...told, ...because(named) }
}

/** An age without tenths: a wait is not a measurement. */
const formatWhole = (ms: number): string => formatAge(Math.max(ms, 0)).replace(/\.\d/, '')

const words = (tone: LampWords['tone'], strong: string, rest = ''): LampWords => ({
  tone,
  filled: false,
  strong,
  rest,
  reason: null,
  canTry: false,
})

const because = (code: Parameters<typeof wordsFor>[0]): Pick<LampWords, 'reason' | 'canTry'> => ({
  reason: `${wordsFor(code).title}. ${wordsFor(code).text}`,
  canTry: true,
})
