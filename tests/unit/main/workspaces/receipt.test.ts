import { describe, expect, it } from 'vitest'
import { writeReceipt } from '../../../../src/main/workspaces/receipt.ts'
import type { ReceiptFacts } from '../../../../src/main/workspaces/receipt.ts'
import { receiptSchema } from '../../../../src/shared/workspace.ts'

const none = { sockets: 0, timersAndRequests: 0, subscriptions: 0, rows: 0 }
const facts = (more: Partial<ReceiptFacts> = {}): ReceiptFacts => ({
  workspaceId: 'w',
  profileId: 'line',
  profileName: 'Line',
  email: 'ada@example.com',
  reason: null,
  endedAtMs: 5,
  durationMs: 40,
  before: { sockets: 3, timersAndRequests: 5, subscriptions: 4, rows: 9 },
  after: none,
  session: {
    server: { kind: 'revoked' },
    keychainErased: 1,
    keychainLeft: 0,
    requestsEnded: 2,
    notes: [],
  },
  cache: { bytesErased: 4_096, bytesLeft: 0, keysErased: 1, keysLeft: 0 },
  notes: [],
  ...more,
})

describe('the receipt', () => {
  it('counts what ended as what was there less what is left', () => {
    const after = { ...none, sockets: 1 }
    expect(writeReceipt(facts({ after })).lines).toEqual([
      { what: 'sockets', ended: 2, left: 1 },
      { what: 'timers_and_requests', ended: 5, left: 0 },
      { what: 'subscriptions', ended: 4, left: 0 },
      { what: 'rows', ended: 9, left: 0 },
      { what: 'cached_bytes', ended: 4_096, left: 0 },
      { what: 'keychain_entries', ended: 2, left: 0 },
    ])
  })

  it('never claims a negative number when something came into being on the way', () => {
    const [line] = writeReceipt(facts({ before: none, after: { ...none, sockets: 1 } })).lines
    expect(line).toEqual({ what: 'sockets', ended: 0, left: 1 })
  })

  it('names every trouble once and keeps to the contract', () => {
    const session = { ...facts().session, notes: ['timed_out', 'keychain_locked'] as const }
    const receipt = writeReceipt(facts({ session, notes: ['timed_out'] }))
    expect(receipt.notes).toEqual(['timed_out', 'keychain_locked'])
    expect(receiptSchema.parse(receipt)).toEqual(receipt)
  })

  it('names a file and a key that could not be erased', () => {
    const cache = { bytesErased: 0, bytesLeft: 512, keysErased: 0, keysLeft: 1 }
    const receipt = writeReceipt(facts({ cache }))
    expect(receipt.lines.slice(-2)).toEqual([
      { what: 'cached_bytes', ended: 0, left: 512 },
      { what: 'keychain_entries', ended: 1, left: 1 },
    ])
    expect(receipt.notes).toEqual(['snapshot_left', 'keychain_locked'])
    expect(receiptSchema.parse(receipt)).toEqual(receipt)
  })
})
