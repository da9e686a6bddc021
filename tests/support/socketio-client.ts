import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client'
import type { WireJob } from '../../src/shared/job.ts'

export interface JobEventMessage {
  readonly tenant_id: string
  readonly offset: number
  readonly job: WireJob
}
export interface SnapshotMessage {
  readonly epoch: string
  readonly offset: number
  readonly offsets: Readonly<Record<string, number>>
  readonly jobs: readonly WireJob[]
}

/** A real Socket.IO client, and all that it was told. */
export interface IoClient {
  readonly socket: Socket
  readonly snapshots: SnapshotMessage[]
  readonly events: JobEventMessage[]
  /** Words of `session:ended`. */
  readonly endings: string[]
  /** Codes of `connect_error`; a fault of the transport is `transport`. */
  readonly refusals: string[]
  readonly disconnects: string[]
}

export function connectIo(
  url: string,
  options: Partial<ManagerOptions & SocketOptions> = {},
): IoClient {
  const socket = io(url, {
    forceNew: true,
    transports: ['websocket', 'polling'],
    reconnectionDelay: 20,
    reconnectionDelayMax: 200,
    timeout: 20_000,
    ...options,
  })
  const client: IoClient = {
    socket,
    snapshots: [],
    events: [],
    endings: [],
    refusals: [],
    disconnects: [],
  }
  socket.on('job:snapshot', (message: SnapshotMessage) => client.snapshots.push(message))
  socket.on('job:event', (message: JobEventMessage) => client.events.push(message))
  socket.on('session:ended', ({ reason }: { reason: string }) => client.endings.push(reason))
  socket.on('disconnect', (reason) => client.disconnects.push(reason))
  socket.on('connect_error', (error) => {
    const { data } = error as { data?: { code?: string } }
    client.refusals.push(data?.code ?? 'transport')
  })
  return client
}
