import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { refuseUpgrade, type Upgrade } from '../http-upgrades.ts'
import type { Log } from '../log.ts'
import type { Claims } from '../tokens/claims.ts'
import type { Verdict, Verifier } from '../tokens/verifier.ts'
import type { Audit } from './audit.ts'
import { closeSocket } from './close-socket.ts'
import { remoteAddress, socketToken } from './credential.ts'
import type { JobHub } from './job-hub.ts'
import type { JobReader } from './job-reader.ts'
import type { GatewayLimits } from './limits.ts'
import { OpenSocket } from './open-socket.ts'
import { ProgressSocket } from './progress-socket.ts'
import { jobKey } from './queries.ts'
import { RequestBudget } from './request-budget.ts'
import type { SocketKind, SocketRegistry } from './socket-registry.ts'
import type { StreamHub } from './stream/stream-hub.ts'
import { parseResumeQuery } from './stream/stream-messages.ts'
import type { StreamReader } from './stream/stream-reader.ts'
import { StreamSession } from './stream/stream-session.ts'

export interface UpgradesOptions {
  readonly verifier: Verifier
  readonly reader: JobReader
  readonly hub: JobHub
  readonly streamReader: StreamReader
  readonly streams: StreamHub
  readonly sockets: SocketRegistry
  readonly audit: Audit
  readonly limits: GatewayLimits
  readonly log: Log
  readonly behindProxy: boolean
}

/** Refused tokens of one address that are written down in a minute; the rest is only closed. */
const refusalsRecorded = 30

const streamPath = '/ws'
const progressPath = /^\/ws\/progress\/([^/]+)$/
/** A message of ours is never fragmented, and nobody's is that much. */
const mostFragments = 64

/** Who asks for what, as far as the request says. */
interface Request {
  readonly kind: SocketKind
  /** The job, percent-encoded; empty for the stream. */
  readonly segment: string
  readonly query: string
  readonly token: string | null
  readonly remoteAddress: string | null
  readonly raw: Duplex
}

/**
 * The way in for progress sockets and tenant streams (gateway-protocol §§3, 4). A refused
 * credential is accepted and then closed with the reason: a browser or a desktop client can read a
 * close reason, but not the body of a refused upgrade.
 */
export class Upgrades {
  readonly #options: UpgradesOptions
  readonly #server: WebSocketServer
  readonly #recorded = new RequestBudget(refusalsRecorded)
  #state: 'opening' | 'open' | 'closed' = 'opening'

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
    if (upgrade.path === streamPath) return this.#enter(upgrade, 'stream', '')
    const segment = progressPath.exec(upgrade.path)?.[1]
    return segment === undefined ? null : this.#enter(upgrade, 'progress', segment)
  }

  /** What sockets are fed from is there. */
  open(): void {
    if (this.#state === 'opening') this.#state = 'open'
  }

  /** No new sockets from here on. */
  close(): void {
    this.#state = 'closed'
    this.#server.close()
  }

  async #enter(upgrade: Upgrade, kind: SocketKind, segment: string): Promise<void> {
    const { message, socket, head, query } = upgrade
    if (this.#state !== 'open') {
      refuseUpgrade(socket, '503 Service Unavailable', { 'retry-after': '2' })
      return
    }
    const request: Request = {
      kind,
      segment,
      query,
      token: socketToken(message.headers, query),
      remoteAddress: remoteAddress(message, this.#options.behindProxy),
      raw: socket,
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
    const full = !this.#options.sockets.hasRoomFor(claims.userId, request.kind)
    if (this.#state === 'closed' || full) {
      this.#record(request, claims, full ? 'too_many_sockets' : 'server_going')
      if (full) closeSocket(accepted, 4429, 'too_many_sockets')
      else closeSocket(accepted, 1001, 'server_going')
      return
    }
    if (request.kind === 'stream') {
      this.#beginStream(accepted, request, claims)
      return
    }
    this.#admit(accepted, request, claims).catch((error: unknown) => {
      this.#options.log.warn('a job could not be looked up', { why: String(error) })
      closeSocket(accepted, 1013, 'database_unavailable')
    })
  }

  #beginStream(socket: WebSocket, request: Request, claims: Claims): void {
    const { verifier, streams: hub, streamReader: reader, sockets, limits, log } = this.#options
    const asked = parseResumeQuery(request.query)
    if ('fault' in asked) {
      this.#record(request, claims, 'query_invalid')
      closeSocket(socket, 1007, asked.fault)
      return
    }
    this.#record(request, claims, 'accepted')
    const { raw } = request
    const { from } = asked
    new StreamSession({ socket, raw, claims, from, verifier, hub, reader, sockets, limits, log })
  }

  async #admit(accepted: WebSocket, request: Request, claims: Claims): Promise<void> {
    const { reader, hub, sockets, limits } = this.#options
    const peer = new OpenSocket({
      socket: accepted,
      claims,
      limits,
      hear: (data, isBinary) => isBinary || socket.hear(data.toString('utf8')),
    })
    const socket = new ProgressSocket({ socket: accepted, peer, limits })
    const key = jobKey(request.segment)
    const job = key === null ? null : await reader.find(claims, key)
    if (accepted.readyState !== accepted.OPEN) return
    this.#record(request, claims, job === null ? 'job_unknown' : 'accepted')
    if (job === null) {
      socket.unknown()
      return
    }
    sockets.add(peer, 'progress', [job.tenant_id])
    const leave = hub.watch(job.id, socket)
    accepted.once('close', () => {
      leave()
      sockets.remove(peer)
    })
  }

  #record(request: Request, claims: Claims | null, result: string): void {
    const { kind, segment, remoteAddress } = request
    if (claims === null && this.#recorded.spend(remoteAddress ?? '') !== null) return
    const action = `${kind}.connect`
    const subject = kind === 'stream' ? null : jobKey(segment)
    this.#options.audit.write({ claims, action, subject, remoteAddress, result })
    const fields = { result, user: claims?.userId, tenant: claims?.tenants[0]?.id }
    if (result === 'accepted') this.#options.log.debug(`${kind} socket`, fields)
    else this.#options.log.info(`${kind} socket refused`, fields)
  }
}
