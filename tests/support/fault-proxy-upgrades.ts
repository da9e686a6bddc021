import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Actions } from './fault-proxy-rules.ts'
import { closePayload, encode, opcodes } from './raw-frames.ts'
import { handshake } from './raw-server.ts'

type Answer = Exclude<Actions['upgrade'], { act: 'delay' }>

/** Answers an upgrade in the server's place, or does not. */
export function answerUpgrade(request: IncomingMessage, socket: Socket, action: Answer): void {
  switch (action.act) {
    case 'cut':
      if (action.how === 'rst') socket.resetAndDestroy()
      else socket.destroySoon()
      break
    case 'never-answer':
      socket.resume()
      // Nobody else would see that the client has gone.
      socket.on('end', () => socket.destroy())
      break
    case 'respond': {
      const { status, headers = {}, body = '' } = action
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
      const length = Buffer.byteLength(body)
      socket.end(
        `HTTP/1.1 ${status} X\r\nConnection: close\r\nContent-Length: ${length}\r\n${lines.join('')}\r\n${body}`,
      )
      break
    }
    case 'accept-and-close': {
      const { code, reason } = action
      socket.write(handshake(request.headers['sec-websocket-key'] ?? ''))
      socket.end(encode(opcodes.close, closePayload(code, reason), { mask: false }))
      break
    }
  }
}
