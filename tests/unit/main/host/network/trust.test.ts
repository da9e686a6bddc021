import { describe, expect, it } from 'vitest'
import { trustTheSystem } from '../../../../../src/main/host/network/trust.ts'
import type { TrustStore } from '../../../../../src/main/host/network/trust.ts'
import { createLog } from '../../../../../src/main/lib/log.ts'
import { FakeClock } from '../../../../support/fake-clock.ts'
import { memoryLog } from '../../../../support/memory-ports.ts'

function trustWith(store: TrustStore): string[] {
  const { lines, sink } = memoryLog()
  trustTheSystem(store, createLog('test', new FakeClock(), sink))
  return lines
}

describe('the trust of Node', () => {
  it('is its own authorities, those of the system and those of the environment', () => {
    const trusted: unknown[] = []
    const lines = trustWith({
      getCACertificates: (type) => [`${type ?? ''} ca`],
      setDefaultCACertificates: (certificates) => trusted.push(...certificates),
    })
    expect(trusted).toEqual(['bundled ca', 'system ca', 'extra ca'])
    expect(lines).toEqual([])
  })

  it('stays as it is when the store of the system cannot be read, and that is noted', () => {
    const trusted: unknown[] = []
    const lines = trustWith({
      getCACertificates: (type) => {
        if (type === 'system') throw new Error('locked')
        return ['ca']
      },
      setDefaultCACertificates: (certificates) => trusted.push(...certificates),
    })
    expect(trusted).toEqual([])
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('locked')
  })

  it('stays as it is on a runtime that cannot be told, and that is noted', () => {
    expect(trustWith({})).toHaveLength(1)
  })
})
