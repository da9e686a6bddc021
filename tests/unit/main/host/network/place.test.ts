import type { NetworkInterfaceInfo } from 'node:os'
import { describe, expect, it } from 'vitest'
import { placeOf } from '../../../../../src/main/host/network/place.ts'

const at = (address: string, internal = false): NetworkInterfaceInfo => ({
  address,
  netmask: '255.255.255.0',
  family: 'IPv4',
  mac: '02:00:00:00:00:01',
  internal,
  cidr: `${address}/24`,
})

describe('the place on the network', () => {
  const home = { lo: [at('127.0.0.1', true)], wlan0: [at('192.168.1.20'), at('10.0.0.2')] }

  it('is the same word for the same addresses, in whatever order they come', () => {
    const turned = { wlan0: [at('10.0.0.2'), at('192.168.1.20')] }
    expect(placeOf(turned)).toBe(placeOf(home))
  })

  it.each([
    ['another address', { wlan0: [at('192.168.1.21'), at('10.0.0.2')] }],
    ['another wire', { eth0: [at('192.168.1.20')], wlan0: [at('10.0.0.2')] }],
    ['one more', { ...home, tun0: [at('172.16.0.9')] }],
    ['none', { lo: [at('127.0.0.1', true)] }],
  ])('is another word with %s', (_what, interfaces) => {
    expect(placeOf(interfaces)).not.toBe(placeOf(home))
  })

  it('gives no address away', () => {
    expect(placeOf(home)).toMatch(/^[0-9a-f]{12}$/)
  })
})
