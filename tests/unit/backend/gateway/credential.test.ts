import { describe, expect, it } from 'vitest'
import { bearerToken, socketToken } from '../../../../src/backend/gateway/credential.ts'

describe('a credential', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer  abc ', 'abc'],
    ['Bearer a b', null],
    ['Basic abc', null],
    ['Bearer', null],
    ['', null],
  ])('is read from the header %j', (authorization, token) => {
    expect(bearerToken({ authorization })).toBe(token)
  })

  it('of a socket may stand in the query, where the first one counts', () => {
    expect(socketToken({}, 'token=a.b%2Bc.d&token=x')).toBe('a.b+c.d')
    expect(socketToken({ authorization: 'Bearer h' }, 'token=q')).toBe('h')
    expect(socketToken({}, 'Token=a')).toBeNull()
    expect(socketToken({}, '')).toBeNull()
  })
})
