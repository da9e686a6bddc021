import type { SocketEnding } from '../../src/main/ports.ts'

/** How a socket ended; what is not given is not known. */
export const ending = (some: Partial<SocketEnding>): SocketEnding => ({
  code: null,
  reason: '',
  status: null,
  retryAfterMs: null,
  errorCode: null,
  ...some,
})
