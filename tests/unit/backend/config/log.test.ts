import { describe, expect, it } from 'vitest'
import { createLog } from '../../../../src/backend/log.ts'

describe('the backend’s log', () => {
  it.each([
    ['a token', 'refused eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here', 'c2ln'],
    ['a query', 'GET /ws?token=abcdef&x=1', 'abcdef'],
    ['a bearer header', 'Authorization: Bearer abcdef', 'abcdef'],
    ['a secret key', 'sb_secret_abcdef', 'abcdef'],
    ['a password', '{"password":"abcdef"}', 'abcdef'],
    ['a connection string', 'postgres://postgres:abcdef@127.0.0.1/x', 'abcdef'],
  ])('holds back %s, in the message and in a field', (_what, text, secret) => {
    const lines: string[] = []
    const log = createLog('backend', (line) => lines.push(line))
    log.info(text)
    log.warn('said', { text })
    expect(lines).toHaveLength(2)
    expect(lines.join('\n')).not.toContain(secret)
  })

  it('says nothing below its level, also in its children', () => {
    const lines: string[] = []
    const log = createLog('backend', (line) => lines.push(line))
    log.child('http').debug('answered')
    log.child('http').error('failed')
    expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual([
      'backend.http',
    ])
  })
})
