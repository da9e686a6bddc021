// Run as a process of its own: dials the address that it is sent, with the token that it is sent, and
// dies of an error that holds everything it has. Neither comes by argv or environment.
import { openSocket } from '../../src/main/lib/sockets.ts'
import { Secret } from '../../src/main/lib/secret.ts'

export interface Doom {
  readonly url: string
  readonly token: string
}

process.once('message', ({ url, token }: Doom) => {
  const request = {
    url: new Secret(`${url}?token=${token}`),
    headers: { Authorization: new Secret(`Bearer ${token}`) },
    handlers: {
      open: () => undefined,
      message: () => undefined,
      pong: () => undefined,
      close: (ending: unknown) => {
        throw Object.assign(new Error('the crash'), { socket, request, ending })
      },
    },
  }
  const socket = openSocket(request)
})
