import { describe, expect, it } from 'vitest'
import { chooseRedirect } from '../../../../src/backend/supabase/auth-redirects.ts'

const allowed = {
  siteUrl: 'http://127.0.0.1:3000',
  redirectUrls: [
    'signalbox://auth/callback',
    'https://*.example.test/in',
    'https://docs.test/**',
    'https://q.test/?',
    'https://a+b.test/(x)',
  ],
}

describe('a redirect', () => {
  it.each([
    'http://127.0.0.1:3000/any?where=1#else',
    'http://127.0.0.1:8123/in',
    'signalbox://auth/callback',
    'signalbox://auth/callback#kept',
    'https://desk.example.test/in',
    'https://docs.test/a/b.html?c=d',
    'https://q.test/x',
    'https://a+b.test/(x)',
  ])('goes where it was asked to: %s', (asked) => {
    expect(chooseRedirect(allowed, asked)).toBe(asked)
  })

  it.each([
    null,
    undefined,
    '',
    '/relative',
    'https://127.0.0.1.evil.test/',
    'https://evil.test/#https://docs.test/',
    'https://evil.test/?https://docs.test/x',
    'signalbox://auth/callback/more',
    'signalbox://other',
    'https://a.b.example.test/in',
    'https://desk.example.test/out',
    'https://deskXexample.test/in',
    'https://q.test/',
    'https://q.test/xy',
    'https://aab.test/x',
    'javascript://127.0.0.1/%0aalert(1)',
    'file://127.0.0.1/etc/passwd',
    'data:text/html,x',
    'https://docs.test/\r\nset-cookie: a=b',
    'http://127.0.0.1@evil.test/',
    'https://evil%2etest?.example.test/in',
    String.raw`https://evil%2etest\.example.test/in`,
    'https://evil。test?.example.test/in',
    'https://a:b@docs.test/in',
    `https://docs.test/${'x'.repeat(3_000)}`,
  ])('goes to the site instead of %s', (asked) => {
    expect(chooseRedirect(allowed, asked)).toBe(allowed.siteUrl)
  })

  it('is decided at once, whatever the address', () => {
    const manyStars = { ...allowed, redirectUrls: ['https://**a**b**/c'] }
    expect(chooseRedirect(manyStars, `https://${'ab'.repeat(1_000)}`)).toBe(allowed.siteUrl)
  })
})
