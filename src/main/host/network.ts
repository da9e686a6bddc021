import { net } from 'electron'
import { networkInterfaces } from 'node:os'
import type { Network } from '../ports.ts'
import { placeOf } from './network-place.ts'

export function openNetwork(): Network {
  return { isOnline: () => net.isOnline(), place: () => placeOf(networkInterfaces()) }
}
