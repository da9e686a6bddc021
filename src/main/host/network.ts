import { net } from 'electron'
import type { Network } from '../ports.ts'

export function openNetwork(): Network {
  return { isOnline: () => net.isOnline() }
}
