import { describe, expect, it } from 'vitest'
import { write } from '../../../../src/backend/supabase/outbox-letters.ts'
import { renderOutbox } from '../../../../src/backend/supabase/outbox-page.ts'
import { isLocal } from '../../../../src/backend/supabase/outbox-routes.ts'

const here = '127.0.0.1'

describe('who may read the outbox', () => {
  it.each([
    [{ host: '127.0.0.1:54321' }, here],
    [{ host: 'localhost:54321' }, '::1'],
    [{ host: '[::1]' }, '::ffff:127.0.0.1'],
    [{ host: 'localhost:1', origin: 'http://localhost:1' }, here],
    [{ host: 'localhost:1', 'sec-fetch-site': 'same-origin' }, here],
    [
      {
        host: 'localhost:1',
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      },
      here,
    ],
  ])('somebody at this machine: %o', (headers, peer) => {
    expect(isLocal(headers, peer)).toBe(true)
  })

  it.each([
    ['another machine', { host: 'localhost' }, '192.168.1.7'],
    ['a peer that is gone', { host: 'localhost' }, undefined],
    ['a name that leads here by chance', { host: 'rebound.test:54321' }, here],
    ['a name that only begins right', { host: '127.0.0.1.rebound.test' }, here],
    ['no name', {}, here],
    ['somebody behind a proxy', { host: 'localhost', 'x-forwarded-for': '203.0.113.5' }, here],
    ['the script of another site', { host: 'localhost:1', origin: 'http://localhost:2' }, here],
    ['an unknown origin', { host: 'localhost:1', origin: 'null' }, here],
    ['what another site embeds', { host: 'localhost:1', 'sec-fetch-site': 'cross-site' }, here],
    [
      'a frame of another site',
      {
        host: 'localhost:1',
        'sec-fetch-site': 'cross-site',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'iframe',
      },
      here,
    ],
  ])('not %s', (_who, headers, peer) => {
    expect(isLocal(headers, peer)).toBe(false)
  })
})

describe('a mail', () => {
  const link = { code: '012345', token: 't', url: 'http://127.0.0.1/verify?token=t' }

  it('has a subject, the link, the code and a way out', () => {
    expect(write({ kind: 'magiclink', to: 'a@b.test', link })).toEqual({
      subject: 'Your sign-in link',
      text: 'Sign in:\nhttp://127.0.0.1/verify?token=t\n\nCode: 012345\n\nIf you did not ask for this, ignore it.',
    })
  })

  it('has no link where only the code is asked for, and names the new address', () => {
    expect(write({ kind: 'reauthentication', to: 'a@b.test', link }).text).not.toContain('http')
    const change = write({
      kind: 'email_change_current',
      to: 'a@b.test',
      link,
      newEmail: '$&@b.test',
    })
    expect(change.text).toContain('moves to $&@b.test')
  })

  it('is shown escaped', () => {
    const page = renderOutbox([
      {
        id: '1',
        sentAt: new Date(0),
        to: '"><script>alert(1)</script>@b.test',
        kind: 'magiclink',
        subject: 'A & B',
        text: '<img src=x>',
        code: '012345',
        link: 'http://127.0.0.1/verify?token=t&type="',
      },
    ])
    expect(page).not.toMatch(/<script|<img/)
    expect(page).toContain('A &amp; B')
    expect(page).toContain('token=t&amp;type=&quot;')
    expect(page).toContain('1970-01-01 00:00:00 UTC')
  })
})
