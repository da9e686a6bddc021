import type { FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../../../src/backend/config.ts'
import {
  readEmail,
  redirectOf,
  refusePassword,
} from '../../../../src/backend/supabase/auth-body.ts'

const { config } = parseConfig({ args: ['--data', '/nowhere'], env: {}, readFile: () => '' })

describe('an address', () => {
  it.each([
    ['Nina@Nowhere.test', 'nina@nowhere.test'],
    ["o'hara+tag@a-b.co", "o'hara+tag@a-b.co"],
    ['x@localhost', 'x@localhost'],
  ])('is taken in lower case: %s', (given, email) => {
    expect(readEmail(given)).toEqual({ ok: true, value: email })
  })

  it.each([
    ['', 'An email address is required'],
    [`${'x'.repeat(250)}@a.test`, 'An email address is too long'],
    ['nobody', 'Unable to validate email address: invalid format'],
    ['two@at@once.test', 'Unable to validate email address: invalid format'],
    ['a@-b.test', 'Unable to validate email address: invalid format'],
    ['a@b.test\n', 'Unable to validate email address: invalid format'],
    ['<a@b.test>', 'Unable to validate email address: invalid format'],
  ])('is refused in words: %j', (given, message) => {
    expect(readEmail(given)).toMatchObject({ refusal: { code: 'validation_failed', message } })
  })
})

it('finds the way back behind a question mark that nobody encoded', () => {
  const auth = { ...config.auth, redirectUrls: ['https://desk.test/**'] }
  const request = { url: '/otp?redirect_to=https://desk.test/in?from=mail', headers: {} }
  expect(redirectOf(request as FastifyRequest, auth)).toBe('https://desk.test/in?from=mail')
})

describe('a password', () => {
  it('is long enough, and not longer than bcrypt looks', () => {
    expect(refusePassword('secret', config.auth)).toBeNull()
    expect(refusePassword('short', config.auth)?.code).toBe('weak_password')
    expect(refusePassword('x'.repeat(72), config.auth)).toBeNull()
    expect(refusePassword('ü'.repeat(37), config.auth)?.code).toBe('validation_failed')
  })
})
