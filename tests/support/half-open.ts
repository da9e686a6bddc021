// A process of its own: connections that begin a request and never end it.
import { connect, type Socket } from 'node:net'

const [port = 0, count = 0] = process.argv.slice(2).map(Number)
const sockets: Socket[] = []
let open = 0
let ended = 0

function tell(): void {
  process.send?.({ open, ended })
}

function dial(): void {
  const socket = connect(port, '127.0.0.1')
  sockets.push(socket)
  socket.on('connect', () => {
    open += 1
    socket.write('GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
    if (open % 1_000 === 0 || open === count) tell()
    if (sockets.length < count) dial()
  })
  // Unread, the answer would keep the connection.
  socket.resume()
  socket.on('error', () => undefined)
  socket.on('close', () => {
    ended += 1
    if (ended % 1_000 === 0 || ended === count) tell()
  })
}

for (let at = 0; at < Math.min(64, count); at += 1) dial()
process.on('disconnect', () => process.exit())
