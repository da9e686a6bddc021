import { WebSocketServer, type WebSocket } from 'ws'
import { refuseUpgrade, type Upgrade } from '../http-upgrades.ts'
import type { Log } from '../log.ts'
import type { Claims } from '../tokens/claims.ts'
import type { Verdict, Verifier } from '../tokens/verifier.ts'
import type { Audit } from './audit.ts'
import { closeSocket } from './close-socket.ts'
import { socketToken } from './credential.ts'
import type { JobHub } from './job-hub.ts'
import type { JobReader } from './job-reader.ts'
import type { GatewayLimits } from './limits.ts'
import { ProgressSocket } from './progress-socket.ts'
import { jobKey } from './queries.ts'
import type { SocketRegistry } from './socket-registry.ts'

export interface UpgradesOptions {
  readonly verifier: Verifier
  readonly reader: JobReader
  readonly hub: JobHub
  readonly sockets: SocketRegistry
  readonly audit: Audit
  readonly limits: GatewayLimits
  readonly log: Log
}

const progressPath = /^\/ws\/progress\/([^/]+)$/
/** A message of ours is never fragmented, and nobody's is that much. */
const mostFragments = 64

/** Who asks for which job, as far as the request says. */
interface Request {
  readonly segment: string
  readonly token: string | null
  readonly remoteAddress: string | null
}

/**
 * The way in for progress sockets (gateway-protocol §3). A refused credential is accepted and then
 * closed with the reason: a browser or a desktop client can read a close reason, but not the body
 * of a refused upgrade.
 */
export class Upgrades {
  readonly #options: UpgradesOptions
  readonly #server: WebSocketServer
  #closed = false

  constructor(options: UpgradesOptions) {
    this.#options = options
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: options.limits.inboundBytes,
      maxFragments: mostFragments,
      perMessageDeflate: false,
    })
  }

  take(upgrade: Upgrade): Promise<void> | null {
    const segment = progressPath.exec(upgrade.path)?.[1]
    return segment === undefined ? null : this.#enter(upgrade, segment)
  }

  /** No new sockets from here on. */
  close(): void {
    this.#closed = true
    this.#server.close()
  }

  async #enter({ message, socket, head, query }: Upgrade, segment: string): Promise<void> {
    if (this.#closed) {
      refuseUpgrade(socket, '503 Service Unavailable', { 'retry-after': '2' })
      return
    }
    const request: Request = {
      segment,
      token: socketToken(message.headers, query),
      remoteAddress: message.socket.remoteAddress ?? null,
    }
    const verdict = await this.#options.verifier.verify(request.token)
    this.#server.handleUpgrade(message, socket, head, (accepted) => {
      // Protocol errors of the peer: ws closes with the right code by itself.
      accepted.on('error', (error) => {
        this.#options.log.debug('a socket broke', { why: error.message })
      })
      this.#welcome(accepted, request, verdict)
    })
  }

  #welcome(accepted: WebSocket, request: Request, verdict: Verdict): void {
    if (!verdict.ok) {
      this.#record(request, null, verdict.refusal)
      closeSocket(accepted, 1008, verdict.refusal)
      return
    }
    const { claims } = verdict
    if (this.#closed || !this.#options.sockets.hasRoomFor(claims.userId)) {
      this.#record(request, claims, this.#closed ? 'server_going' : 'too_many_sockets')
      if (this.#closed) closeSocket(accepted, 1001, 'server_going')
      else closeSocket(accepted, 4429, 'too_many_sockets')
      return
    }
    this.#admit(accepted, request, claims).catch((error: unknown) => {
      this.#options.log.warn('a job could not be looked up', { why: String(error) })
      closeSocket(accepted, 1013, 'database_unavailable')
    })
  }

  async #admit(accepted: WebSocket, request: Request, claims: Claims): Promise<void> {
    const { reader, hub, sockets, limits } = this.#options
    const socket = new ProgressSocket({ socket: accepted, claims, limits })
    const key = jobKey(request.segment)
    const job = key === null ? null : await reader.find(claims, key)
    if (accepted.readyState !== accepted.OPEN) return
    this.#record(request, claims, job === null ? 'job_unknown' : 'accepted')
    if (job === null) {
      socket.unknown()
      return
    }
    sockets.add(socket, job.tenant_id)
    const leave = hub.watch(job.id, socket)
    accepted.once('close', () => {
      leave()
      sockets.remove(socket)
    })
  }

  #record(request: Request, claims: Claims | null, result: string): void {
    const { segment, remoteAddress } = request
    const action = 'progress.connect'
    this.#options.audit.write({ claims, action, subject: jobKey(segment), remoteAddress, result })
    const fields = { result, user: claims?.userId, tenant: claims?.tenants[0]?.id }
    if (result === 'accepted') this.#options.log.debug('progress socket', fields)
    else this.#options.log.info('progress socket refused', fields)
  }
}
