import type { WebSocket } from 'ws'

/** How long a peer may take to answer a close, in milliseconds, before it is cut off. */
const closeWithinMs = 1_000

/** Says why and closes, whether the peer answers or not. */
export function closeSocket(socket: WebSocket, code: number, reason: string): void {
  socket.close(code, reason)
  const cut = setTimeout(() => socket.terminate(), closeWithinMs)
  socket.once('close', () => clearTimeout(cut))
}
