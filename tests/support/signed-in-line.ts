import { expect } from 'vitest'
import type { OperatorSession } from '../../src/main/session/operator-session.ts'
import type { WireJob } from '../../src/shared/job.ts'
import { FakeAuthServer, tokenSecret } from './fake-auth-server.ts'
import type { FakeClock } from './fake-clock.ts'
import { LiveSource } from './live-source.ts'
import type { LiveSourceOptions } from './live-source.ts'
import { password, TestComputer } from './session-parts.ts'
import type { OpenSession } from './session-parts.ts'
import { refusalOf } from './token-check.ts'
import { wireJob } from './wire-jobs.ts'

export const email = 'ada@example.com'

export interface SignedInOptions extends Omit<LiveSourceOptions, 'jobs' | 'supply' | 'clock'> {
  /** Of tenant-1, which is the operator's. */
  readonly jobs?: readonly WireJob[]
  /** Before anybody signs in. */
  readonly beforeSignIn?: (auth: FakeAuthServer) => void
}

export const ownJob = (changes: Partial<WireJob> = {}): WireJob =>
  wireJob({ tenant_id: 'tenant-1', ...changes })

/**
 * A real session at a fake auth server, and a source of its tokens at a gateway that checks every
 * one of them as a gateway does. Both servers go by one clock.
 */
export class SignedInLine {
  readonly auth: FakeAuthServer
  readonly computer: TestComputer
  readonly line: LiveSource
  /** How far the servers' clock is ahead of the console's. */
  readonly servers: { aheadMs: number }
  readonly #opened: OpenSession

  private constructor(
    parts: Pick<SignedInLine, 'auth' | 'computer' | 'line' | 'servers'>,
    opened: OpenSession,
  ) {
    this.auth = parts.auth
    this.computer = parts.computer
    this.line = parts.line
    this.servers = parts.servers
    this.#opened = opened
  }

  static async open(options: SignedInOptions = {}): Promise<SignedInLine> {
    const { jobs = [ownJob()], beforeSignIn, arrange, ...rest } = options
    const auth = await FakeAuthServer.open()
    const computer = new TestComputer()
    const servers = { aheadMs: 0 }
    const now = (): number => computer.clock.now() + servers.aheadMs
    auth.clock = { now }
    beforeSignIn?.(auth)
    const opened = computer.open({ url: auth.url })
    expect(await opened.session.signIn(email, password)).toMatchObject({ ok: true })
    const line = await LiveSource.open({
      tenantIds: ['tenant-1'],
      ...rest,
      jobs,
      supply: opened.session,
      clock: computer.clock,
      arrange: (gateway, proxy) => {
        gateway.refuse = (token) => refusalOf(token, { secret: tokenSecret, now })
        arrange?.(gateway, proxy)
      },
    })
    return new SignedInLine({ auth, computer, line, servers }, opened)
  }

  /** The same, live on every job when this returns. */
  static async live(options: SignedInOptions = {}): Promise<SignedInLine> {
    const signed = await SignedInLine.open(options)
    await signed.line.reached('live', options.jobs?.length ?? 1)
    return signed
  }

  get session(): OperatorSession {
    return this.#opened.session
  }

  get clock(): FakeClock {
    return this.computer.clock
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opened.scope.close('test over')
    await this.line[Symbol.asyncDispose]()
    await this.auth.close()
  }
}
