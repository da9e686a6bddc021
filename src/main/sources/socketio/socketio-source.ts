import type { SourceView } from '../../../shared/workspace.ts'
import type { Off } from '../../lib/emitter.ts'
import type { Secret } from '../../lib/secret.ts'
import { Catalogue } from '../catalogue.ts'
import type { ConnectionState } from '../connection-state.ts'
import type { Connection } from '../connection.ts'
import { DialGate } from '../dial-gate.ts'
import { createGatewayHttp } from '../gateway-http.ts'
import { socketUrl } from '../gateway-url.ts'
import { Intake } from '../intake.ts'
import { Line } from '../line.ts'
import type { Source, SourceContext } from '../source.ts'
import { Standing } from '../standing.ts'
import type { Stand } from '../standing.ts'
import { StreamListing } from '../stream-listing.ts'
import { TokenForm } from '../token-form.ts'
import { TokenOffers } from '../token-offers.ts'
import { SocketIoClients } from './io-client.ts'
import type { IoMessage } from './io-messages.ts'
import { renewalSchema } from './io-messages.ts'
import { JobTellings } from './job-tellings.ts'
import type { Track } from './job-tellings.ts'
import { SessionBridge } from './session-bridge.ts'

/** Starts at once; it ends with its context's scope, or stops by itself for a reason. */
export function openSocketIoSource(context: SourceContext): Source {
  const source = new SocketIoSource(context)
  source.start()
  return source
}

/** Bridge, handshake and namespace together (gateway-protocol §5). */
const connectWithinMs = 20_000

/**
 * Jobs over Socket.IO, after the session bridge (gateway-protocol §5). It owns the bridge and one
 * line; what is heard goes to `JobTellings`. The Supabase session stays outside.
 */
class SocketIoSource implements Source {
  readonly kind = 'socketio'
  readonly #context: SourceContext
  readonly #standing: Standing
  readonly #bridge: SessionBridge
  readonly #listing: StreamListing
  readonly #jobs: JobTellings
  readonly #line: Line<IoMessage>
  readonly #tracks = new WeakMap<Connection<IoMessage>, Track>()
  /** Renewed tokens that were offered on an open socket. */
  readonly #offers = new WeakMap<Connection<IoMessage>, TokenOffers>()

  constructor(context: SourceContext) {
    this.#context = context
    const { clock, random, sockets, fetch, gatewayUrl, log, sink, tenantIds } = context
    const standing = new Standing({ kind: this.kind, context, look: () => this.#look() })
    const { scope } = standing
    this.#standing = standing
    this.#bridge = new SessionBridge({ scope, clock, fetch, gatewayUrl, log })
    const intake = new Intake({
      sink,
      clock,
      tenantIds,
      onTrespass: () => standing.stop('protocol_error'),
      // Every event here is a whole job: what was skipped is made good by the next one.
      onGap: () => undefined,
    })
    const listing = new StreamListing({
      scope,
      clock,
      random,
      intake,
      catalogue: new Catalogue(intake, sink),
      http: (signal) => createGatewayHttp({ ...context, signal }),
      onListed: () => undefined,
      // Not every backend with Socket.IO lists its jobs to everybody.
      onStopped: (reason) => log.info('jobs are not listed beside the socket', { reason }),
      onChanged: () => standing.tell(),
    })
    this.#listing = listing
    this.#jobs = new JobTellings({
      context,
      intake,
      listing,
      onGap: (gap) => standing.closeGap(gap),
    })
    const clients = new SocketIoClients({ clock, sockets, fetch, bridge: this.#bridge })
    this.#line = new Line<IoMessage>({
      scope,
      clock,
      random,
      sockets: clients.open,
      tokens: context.tokens,
      // Never in an address.
      form: new TokenForm('header'),
      gate: new DialGate(),
      url: socketUrl(gatewayUrl, 'socket.io/'),
      dialWithinMs: connectWithinMs,
      onOpened: (connection, attempt) =>
        this.#offers.set(
          connection,
          new TokenOffers({ scope: attempt, clock, send: (text) => connection.send(text) }),
        ),
      onMessage: (message, connection) => this.#take(message, connection),
      onHeard: () => this.#heard(),
      isOver: () => false,
      onChanged: (state, before) => this.#changed(state, before),
      renewOpen: (token, connection) => this.#renew(token, connection),
    })
  }

  get view(): SourceView {
    return this.#standing.view
  }

  get stopped(): Source['stopped'] {
    return this.#standing.stopped
  }

  start(): void {
    this.#standing.begin()
    this.#line.start()
  }

  onChanged(listener: () => void): Off {
    return this.#standing.onChanged(listener)
  }

  wake(): void {
    if (this.#standing.scope.closed) return
    this.#line.wake()
    this.#listing.wake()
  }

  /** The peer has spoken: what was only remembered because of its silence is true again. */
  #heard(): void {
    const wasSilent = !this.#standing.fresh
    this.#standing.heard()
    if (wasSilent && this.#jobs.isWhole) this.#context.sink.confirm()
  }

  #take(message: IoMessage, connection: Connection<IoMessage>): boolean {
    switch (message.kind) {
      case 'answer':
        if (message.type === 'auth') this.#answered(connection, message.payload)
        return true
      case 'welcome':
        return this.#jobs.welcome(this.#trackOf(connection), message)
      case 'event':
        return this.#jobs.take(this.#trackOf(connection), message)
      default:
        return message satisfies never
    }
  }

  #trackOf(connection: Connection<IoMessage>): Track {
    const known = this.#tracks.get(connection)
    if (known !== undefined) return known
    const track = this.#jobs.track()
    this.#tracks.set(connection, track)
    return track
  }

  #changed(state: ConnectionState, before: ConnectionState): void {
    if (before.kind === 'open' && state.kind !== 'open') this.#jobs.interrupt()
    if (state.kind === 'stopped') {
      // A 404 elsewhere is about one job.
      this.#standing.stop(state.reason === 'job_unknown' ? 'not_served' : state.reason)
    } else this.#standing.tell()
  }

  async #renew(token: Secret, connection: Connection<IoMessage>): Promise<boolean> {
    const taken = (await this.#offers.get(connection)?.offer(token)) ?? false
    if (!this.#standing.scope.closed) void this.#bridge.refresh(token)
    return taken
  }

  #answered(connection: Connection<IoMessage>, payload: unknown): void {
    const answer = renewalSchema.safeParse(payload)
    const taken = answer.success && answer.data.ok
    const code = answer.success ? (answer.data.code ?? 'unnamed') : 'unreadable'
    if (!taken) this.#context.log.info('a renewed token was not taken on the open socket', { code })
    // Its successor has to be bridged anew.
    if (code === 'bridge_required' || code === 'session_revoked') this.#bridge.lapse()
    this.#offers.get(connection)?.answer(taken)
  }

  #look(): Stand {
    const { state, reason, nextTryAtMs } = this.#line
    const sockets = state.kind === 'open' ? 1 : 0
    if (sockets > 0 && this.#standing.fresh) {
      return { state: 'live', sockets, nextTryAtMs: null, reason: null }
    }
    const isAgain = this.#standing.everHeard || reason !== null
    return { state: isAgain ? 'reconnecting' : 'connecting', sockets, nextTryAtMs, reason }
  }
}
