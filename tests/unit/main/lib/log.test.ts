import { describe, expect, it } from 'vitest'
import { createLog } from '../../../../src/main/lib/log.ts'
import { Secret } from '../../../../src/main/lib/secret.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

function openLog() {
  const lines: string[] = []
  return { log: createLog('app', new FakeClock(), (line) => lines.push(line)), lines }
}

describe('the log', () => {
  it('writes one JSON line an entry', () => {
    const { log, lines } = openLog()
    log.child('session').info('signed in', { tenants: 2 })
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        at: '2026-11-20T14:00:00.000Z',
        level: 'info',
        name: 'app.session',
        message: 'signed in',
        tenants: 2,
      },
    ])
  })

  it('does not let a field replace the entry’s own', () => {
    const { log, lines } = openLog()
    log.warn('real', { message: 'forged', level: 'debug' })
    expect(lines[0]).toContain('"message":"real"')
    expect(lines[0]).toContain('"level":"warn"')
  })

  it('redacts messages and fields alike', () => {
    const { log, lines } = openLog()
    log.error('refused {"refresh_token":"k3v9q2m7x1zt"}', { url: 'ws://h/?token=canary-in-url' })
    expect(lines.join('')).not.toMatch(/k3v9q2m7x1zt|canary-in-url/)
  })

  it('keeps an entry on one line whatever the message holds', () => {
    const { log, lines } = openLog()
    log.info('first\nsecond\r\n{"level":"error"}')
    expect(lines[0]?.split('\n')).toHaveLength(1)
  })

  it('prints a secret as a word, however it is printed', () => {
    const { log, lines } = openLog()
    const secret = new Secret('k3v9q2m7x1zt')
    log.info(String(secret), { json: JSON.stringify({ secret }) })
    expect(lines.join('')).not.toContain('k3v9q2m7x1zt')
  })
})
