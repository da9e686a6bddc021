import { describe, expect, it } from 'vitest'
import { Gauge, Throughput } from '../../../../src/main/jobs/throughput.ts'

describe('Throughput', () => {
  it('gives events a second, one value every 2 s, for each tenant on its own', () => {
    const throughput = new Throughput()
    for (let n = 0; n < 10; n += 1) throughput.count('acme', 100)
    throughput.count('globex', 1_900)
    throughput.advance(4_000)
    expect(throughput.of('acme')).toEqual([5, 0])
    expect(throughput.of('globex')).toEqual([0.5, 0])
    expect(throughput.of('nobody')).toEqual([])
  })

  it('draws no silence for a time in which nobody listened', () => {
    const throughput = new Throughput()
    for (let n = 0; n < 10; n += 1) throughput.count('acme', 100)
    throughput.advance(2_000)
    throughput.passOver(20_000)
    throughput.count('acme', 20_100)
    throughput.advance(22_000)
    expect(throughput.of('acme')).toEqual([5, 0.5])
  })

  it('keeps a minute, and is still when a minute was empty', () => {
    const throughput = new Throughput()
    throughput.count('acme', 0)
    throughput.advance(58_000)
    expect(throughput.of('acme')).toHaveLength(29)
    expect(throughput.still).toBe(false)
    throughput.advance(3_600_000)
    expect(throughput.of('acme')).toHaveLength(30)
    expect(throughput.still).toBe(true)
  })
})

describe('Gauge', () => {
  it('looks back 5 s', () => {
    const gauge = new Gauge()
    for (let at = 0; at < 5_000; at += 10) gauge.count(at)
    expect(gauge.perSecond(4_990)).toBe(100)
    expect(gauge.perSecond(7_490)).toBe(50)
    expect(gauge.perSecond(60_000)).toBe(0)
  })
})
