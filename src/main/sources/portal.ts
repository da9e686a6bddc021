import type { SocketEnding } from '../ports.ts'
import { classify, classifyStatus } from './close-codes.ts'
import type { Verdict } from './close-codes.ts'

const isPortal = (verdict: Verdict): boolean =>
  verdict.kind === 'retry' && verdict.reason === 'captive_portal'

/**
 * Whether somebody else answered in the server's place: a web page where only data is spoken, a
 * redirect to one, or a demand to sign in to the network (F13, F14).
 */
export function isPortalAnswer({ ok, status, headers }: Response): boolean {
  if (ok) return headers.get('content-type')?.includes('html') ?? false
  return isPortal(classifyStatus(statusSeen(status), '', null))
}

/** The same where a socket should have been. */
export const isPortalEnding = (ending: SocketEnding): boolean => isPortal(classify(ending))

/** Status 0 is how a browser's network stack shows a redirect that it did not follow. */
export const statusSeen = (status: number): number => (status === 0 ? 302 : status)
