import { describe, expect, it } from 'vitest'
import { isPortalAnswer, isPortalEnding, statusSeen } from '../../../../src/main/sources/portal.ts'
import { ending } from '../../../support/socket-endings.ts'

const answer = (status: number, type = 'application/json'): Response =>
  new Response(null, { status, headers: type === '' ? {} : { 'content-type': type } })

describe('somebody else in the place of the server', () => {
  it.each([
    [200, 'text/html; charset=utf-8', true],
    [200, 'application/xhtml+xml', true],
    [200, 'application/json', false],
    [204, '', false],
    [302, 'application/json', true],
    [307, '', true],
    [407, 'application/json', true],
    [511, 'text/html', true],
    [401, 'text/html', false],
    [403, 'text/html', false],
    [404, 'text/html', false],
    [429, 'text/html', false],
    [400, 'text/html', false],
    [503, 'text/html', false],
  ])('answers %i as "%s": %s', (status, type, isPortal) => {
    expect(isPortalAnswer(answer(status, type))).toBe(isPortal)
  })

  it('F14: answers by a redirect that was not followed', () => {
    expect(isPortalAnswer(Response.error())).toBe(true)
    expect([0, 200, 302, 404].map(statusSeen)).toEqual([302, 200, 302, 404])
  })

  it.each([
    [{ status: 200 }, true],
    [{ status: 302 }, true],
    [{ status: 407 }, true],
    [{ status: 511 }, true],
    [{ status: 401 }, false],
    [{ status: 403, reason: 'forbidden' }, false],
    [{ status: 429 }, false],
    [{ status: 502 }, false],
    [{ code: 1006 }, false],
    [{ code: 1000 }, false],
    [{ code: 4404 }, false],
    [{ errorCode: 'ECONNREFUSED' }, false],
    [{ failure: { code: 'captive_portal', message: '' } }, true],
  ] as const)('ends a dial with %j: %s', (some, isPortal) => {
    expect(isPortalEnding(ending(some))).toBe(isPortal)
  })
})
