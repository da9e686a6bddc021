import type { FailureCode } from '../../shared/failure.ts'
import type { Receipt } from '../../shared/workspace.ts'
import { wordsFor } from '../diagnostics/wording.ts'
import { formatBytes, formatClock, formatWhole } from '../ui/format.ts'

type Line = Receipt['lines'][number]

const names = {
  sockets: 'Sockets',
  timers_and_requests: 'Timers and requests',
  subscriptions: 'Subscriptions',
  rows: 'Rows in memory',
  cached_bytes: 'Last known state on disk',
  keychain_entries: 'Keychain entries',
} satisfies Record<Line['what'], string>

export interface ReceiptWords {
  readonly title: string
  /** Whether anything of the session is left on this computer. */
  readonly left: string
  readonly nothingLeft: boolean
  readonly lines: readonly {
    readonly what: string
    readonly ended: string
    readonly left: string
    readonly clean: boolean
  }[]
  readonly server: { readonly word: string; readonly tone: 'clear' | 'caution' | 'idle' }
  /** Why it ended, when the operator did not ask. */
  readonly why: string | null
  /** What could not be done and what happens next. */
  readonly closing: string
}

/** What "not reached" already says. */
const unreached: ReadonlySet<FailureCode> = new Set([
  'offline',
  'unreachable',
  'timed_out',
  'name_not_found',
])
const none: ReadonlySet<FailureCode> = new Set()

function serverWords(receipt: Receipt): ReceiptWords['server'] & { readonly next: string } {
  const { server } = receipt
  switch (server.kind) {
    case 'revoked':
      return { word: 'ended', tone: 'clear', next: 'The server ended the session as well.' }
    case 'already-ended':
      return {
        word: 'had ended',
        tone: 'clear',
        next: 'At the server the session was already over.',
      }
    case 'not-asked':
      return {
        word: 'not asked',
        tone: 'idle',
        next: 'The server was not asked to end the session.',
      }
    case 'not-reached': {
      const code = receipt.notes.find((note) => unreached.has(note))
      const cause = code === undefined ? '' : ` (${wordsFor(code).reason})`
      // What is erased here cannot be revoked later: only the life of the last token is known.
      const until =
        server.expiresAtMs === null
          ? ''
          : ` The last token, erased here, is valid there until ${formatClock(server.expiresAtMs).slice(0, 5)}.`
      return {
        word: 'not reached',
        tone: 'caution',
        next: `The server could not be reached${cause}, so it was not told.${until}`,
      }
    }
    default:
      return server satisfies never
  }
}

const amount = (what: Line['what'], count: number): string =>
  what === 'cached_bytes' && count > 0 ? formatBytes(count) : formatWhole(count)

export function receiptWords(receipt: Receipt): ReceiptWords {
  const nothingLeft = receipt.lines.every((line) => line.left === 0)
  const server = serverWords(receipt)
  const took =
    receipt.durationMs < 1_000
      ? `${Math.round(receipt.durationMs)} ms`
      : `${(receipt.durationMs / 1_000).toFixed(1)} s`
  const told = receipt.server.kind === 'not-reached' ? unreached : none
  const notes = receipt.notes
    .filter((code) => !told.has(code))
    .map((code) => `${wordsFor(code).title}. ${wordsFor(code).text}`)
  return {
    title:
      receipt.reason === null
        ? `Signed out of ${receipt.profileName}`
        : `The session of ${receipt.profileName} ended`,
    left: nothingLeft
      ? 'Nothing of this session is left on this computer.'
      : 'Something of this session is still left on this computer.',
    nothingLeft,
    lines: receipt.lines.map((line) => ({
      what: names[line.what],
      ended: amount(line.what, line.ended),
      left: amount(line.what, line.left),
      clean: line.left === 0,
    })),
    server: { word: server.word, tone: server.tone },
    why:
      receipt.reason === null
        ? null
        : `${wordsFor(receipt.reason).title}. ${wordsFor(receipt.reason).text}`,
    closing: [`Done in ${took} at ${formatClock(receipt.endedAtMs)}.`, server.next, ...notes].join(
      ' ',
    ),
  }
}

export interface NoticeWords {
  readonly title: string
  readonly text: string
  /** "1 more", or nothing. */
  readonly more: string
  readonly tone: 'clear' | 'caution'
}

/** A receipt in two lines, for a workspace that is not shown; `more` others wait behind it. */
export function noticeWords(receipt: Receipt, more: number): NoticeWords {
  const { title, nothingLeft, server } = receiptWords(receipt)
  const asked = receipt.reason === null
  const parts = [
    receipt.email,
    receipt.reason === null ? null : wordsFor(receipt.reason).reason,
    nothingLeft ? 'nothing is left here' : 'something is left here',
  ]
  return {
    title,
    text: parts.filter((part) => part !== null).join(' · '),
    more: more === 0 ? '' : `${formatWhole(more)} more`,
    tone: asked && nothingLeft && server.tone !== 'caution' ? 'clear' : 'caution',
  }
}

/** The receipt as plain text, for a ticket or a mail. */
export function receiptText(receipt: Receipt): string {
  const words = receiptWords(receipt)
  const rows = words.lines.map((line) => `${line.what}: ${line.ended} ended, ${line.left} left`)
  return [
    words.title,
    ...(receipt.email === null ? [] : [receipt.email]),
    ...(words.why === null ? [] : [words.why]),
    words.left,
    '',
    ...rows,
    `Session at the server: ${words.server.word}`,
    '',
    words.closing,
    '',
  ].join('\n')
}
