import { describe, expect, it } from 'vitest'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { TokenForm, addressed, isSendable } from '../../../../src/main/sources/token-form.ts'
import type { Form } from '../../../../src/main/sources/token-form.ts'

describe('TokenForm', () => {
  it.each([
    ['auto', 'header'],
    ['header', 'header'],
    ['query', 'query'],
    ['none', 'none'],
  ] as const)('of the transport %s begins with %s', (transport, first) => {
    expect(new TokenForm(transport).first).toBe(first)
  })

  it.each([
    ['auto', 'header', 'forbidden', false, 'query'],
    ['auto', 'header', 'token_missing', true, 'query'],
    ['auto', 'header', 'token_missing', false, 'query'],
    ['auto', 'header', 'token_expired', true, null],
    ['auto', 'header', 'forbidden', true, null],
    ['auto', 'query', 'forbidden', false, null],
    ['auto', 'none', 'forbidden', false, null],
    ['header', 'header', 'token_missing', true, null],
    ['query', 'query', 'token_missing', true, null],
    ['none', 'none', 'token_missing', true, null],
  ] as const)(
    'of the transport %s, refused in %s for %s (named: %s), has %s left',
    (transport, used, reason, named, left) => {
      expect(new TokenForm(transport).alternative(used, reason, named)).toBe(left)
    },
  )

  it('once proven by a message is the only one', () => {
    const form = new TokenForm('auto')
    form.prove('query')
    form.prove('header')
    expect(form.first).toBe('query')
    const header = new TokenForm('auto')
    header.prove('header')
    expect(header.alternative('header', 'forbidden', false)).toBeNull()
  })

  it('leaves the query to a dial that went out in the header before the query was proven', () => {
    const form = new TokenForm('auto')
    form.prove('query')
    expect(form.alternative('header', 'token_missing', true)).toBe('query')
  })
})

describe('isSendable', () => {
  it.each([
    ['a.b-c_d~!', true],
    ['!', true],
    ['~', true],
    ['', false],
    ['a b', false],
    [' a', false],
    ['a\r\nb', false],
    ['a\n', false],
    ['\u007f', false],
    ['ä', false],
    ['x'.repeat(16 * 1024 - 1), true],
    ['x'.repeat(16 * 1024), false],
  ])('F49: a token %j', (text, sendable) => {
    expect(isSendable(new Secret(text))).toBe(sendable)
  })
})

describe('addressed', () => {
  const told = (url: string, form: Form): [string, Record<string, string>] => {
    const to = addressed(url, new Secret('a+b&c'), form)
    const headers = Object.entries(to.headers).map(
      ([name, value]) => [name, value.reveal()] as const,
    )
    return [to.url.reveal(), Object.fromEntries(headers)]
  }

  it.each([
    ['wss://gate/ws', 'none', 'wss://gate/ws', {}],
    ['wss://gate/ws', 'header', 'wss://gate/ws', { Authorization: 'Bearer a+b&c' }],
    ['wss://gate/ws', 'query', 'wss://gate/ws?token=a%2Bb%26c', {}],
    ['wss://gate/ws?v=1', 'query', 'wss://gate/ws?v=1&token=a%2Bb%26c', {}],
    ['wss://gate/ws?v=1', 'header', 'wss://gate/ws?v=1', { Authorization: 'Bearer a+b&c' }],
  ] as const)('%s with the token in: %s', (url, form, address, headers) => {
    expect(told(url, form)).toEqual([address, headers])
  })

  it('shows the token to nobody who prints it', () => {
    for (const form of ['header', 'query'] as const) {
      expect(JSON.stringify(addressed('ws://gate/', new Secret('abc'), form))).not.toContain('abc')
    }
  })
})
