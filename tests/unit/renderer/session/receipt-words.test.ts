import { describe, expect, it } from 'vitest'
import {
  noticeWords,
  receiptText,
  receiptWords,
} from '../../../../src/renderer/session/receipt-words.ts'
import { formatClock } from '../../../../src/renderer/ui/format.ts'
import { sampleReceipt, startMs } from '../../../support/web/samples.ts'

it('says that nothing is left when nothing is', () => {
  const words = receiptWords(sampleReceipt())
  expect(words.title).toBe('Signed out of Signalbox demo')
  expect(words.left).toBe('Nothing of this session is left on this computer.')
  expect(words.why).toBeNull()
  expect(words.closing).toBe(
    `Done in 84 ms at ${formatClock(startMs)}. The server ended the session as well.`,
  )
})

it('says what could not be done and what happens next', () => {
  const words = receiptWords(
    sampleReceipt({
      lines: [{ what: 'keychain_entries', ended: 1, left: 1 }],
      server: { kind: 'not-reached', expiresAtMs: startMs + 60_000 },
      notes: ['timed_out', 'keychain_write_failed'],
    }),
  )
  expect(words.nothingLeft).toBe(false)
  expect(words.lines[0]).toEqual({ what: 'Keychain entries', ended: '1', left: '1', clean: false })
  expect(words.server).toEqual({ word: 'not reached', tone: 'caution' })
  expect(words.closing).toContain(
    `The server could not be reached (no answer in time), so it was not told. The last token, erased here, is valid there until ${formatClock(startMs + 60_000).slice(0, 5)}.`,
  )
  expect(words.closing).toContain('Signalbox tries again at the next start')
})

it('counts what was kept on disk in a unit that can be read', () => {
  const lines = [{ what: 'cached_bytes', ended: 2_100_000, left: 0 }] as const
  expect(receiptWords(sampleReceipt({ lines: [...lines] })).lines).toEqual([
    { what: 'Last known state on disk', ended: '2.1 MB', left: '0', clean: true },
  ])
})

it('says why a session ended that nobody ended here', () => {
  const words = receiptWords(
    sampleReceipt({ reason: 'session_revoked', server: { kind: 'already-ended' } }),
  )
  expect(words.title).toBe('The session of Signalbox demo ended')
  expect(words.why).toMatch(/^The session was ended at the server\. /)
})

describe('in the notice of a workspace that is not shown', () => {
  it('says who is out of what, and that nothing is left', () => {
    expect(noticeWords(sampleReceipt(), 0)).toEqual({
      title: 'Signed out of Signalbox demo',
      text: 'alice@acme.test · nothing is left here',
      more: '',
      tone: 'clear',
    })
  })

  it('says why nobody asked for it, what is left, and that others wait', () => {
    const lines = [{ what: 'keychain_entries', ended: 0, left: 1 }] as const
    const receipt = sampleReceipt({ reason: 'session_revoked', email: null, lines: [...lines] })
    expect(noticeWords(receipt, 2)).toEqual({
      title: 'The session of Signalbox demo ended',
      text: 'session revoked · something is left here',
      more: '2 more',
      tone: 'caution',
    })
  })
})

it('can be copied as plain text with every line', () => {
  const text = receiptText(sampleReceipt())
  expect(text).toContain('alice@acme.test')
  expect(text).toContain('Sockets: 17 ended, 0 left')
  expect(text).toContain('Keychain entries: 2 ended, 0 left')
  expect(text).toContain('Session at the server: ended')
})
