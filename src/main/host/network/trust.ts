import type { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Log } from '../../lib/log.ts'

/** As much of `node:tls` as is used; both are newer than some Node that Electron was built with. */
export interface TrustStore {
  readonly getCACertificates?: typeof getCACertificates
  readonly setDefaultCACertificates?: typeof setDefaultCACertificates
}

/**
 * From now on Node trusts what the computer trusts: its own authorities, those of the system's
 * store, and those of NODE_EXTRA_CA_CERTS. Without a store that can be read it trusts its own.
 */
export function trustTheSystem(tls: TrustStore, log: Log): void {
  const { getCACertificates: read, setDefaultCACertificates: trust } = tls
  if (read === undefined || trust === undefined) {
    log.warn('this runtime cannot read the trust store of the system')
    return
  }
  try {
    trust([...read('bundled'), ...read('system'), ...read('extra')])
  } catch (error) {
    log.warn('the trust store of the system was not read', { error: String(error) })
  }
}
