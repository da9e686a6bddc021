import { createHash } from 'node:crypto'
import type { networkInterfaces } from 'node:os'

/**
 * A short word for the addresses that this computer has. It says that they changed and not what
 * they are, so that it may stand in a log.
 */
export function placeOf(interfaces: ReturnType<typeof networkInterfaces>): string {
  const addresses = Object.entries(interfaces).flatMap(([name, own]) =>
    (own ?? []).filter(({ internal }) => !internal).map(({ cidr }) => `${name} ${cidr ?? ''}`),
  )
  return createHash('sha256').update(addresses.sort().join('\n')).digest('hex').slice(0, 12)
}
