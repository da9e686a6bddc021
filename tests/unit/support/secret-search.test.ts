import { describe, expect, it } from 'vitest'
import { findSecrets } from '../../support/secret-search.ts'

const token = 'eyJhbGciOiJub25lIn0.eyJjYW5hcnkiOiJyZWQga2l0ZSJ9.c2lnbmF0dXJlLW9mLXRoZS1jYW5hcnk'

describe('the search for secrets', () => {
  it.each([
    ['plain', `before ${token} after`],
    ['plain', `the signature alone: ${token.split('.')[2] ?? ''}`],
    ['base64', Buffer.from(`x${token}y`).toString('base64')],
    ['base64', Buffer.from(`xy${token}z`).toString('base64')],
    ['base64', Buffer.from(token).toString('base64')],
    ['utf-16', Buffer.from(token, 'utf16le')],
    ['percent', [...Buffer.from(token)].map((byte) => `%${byte.toString(16)}`).join('')],
    ['reversed', Buffer.from(token).reverse()],
  ] as const)('finds one written %s', (spelling, content) => {
    expect(findSecrets([token], [{ place: 'here', content }])).toContainEqual({
      place: 'here',
      spelling,
    })
  })

  it('finds one that was cut off before its signature', () => {
    const long = `${token.split('.')[0] ?? ''}.${'payload'.repeat(200)}.c2lnbmF0dXJl`
    expect(findSecrets([long], [{ place: 'heap', content: long.slice(0, 1_024) }])).not.toEqual([])
  })

  it('finds a short refresh token, which has no shape of its own', () => {
    expect(
      findSecrets(['k3v9q2m8x1zz'], [{ place: 'log', content: 'rt=k3v9q2m8x1zz' }]),
    ).not.toEqual([])
  })

  it('finds nothing where nothing is', () => {
    expect(findSecrets([token], [{ place: 'here', content: 'a quiet line' }])).toEqual([])
  })
})
