import { createLog } from '../../src/main/lib/log.ts'
import { Scope } from '../../src/main/lib/scope.ts'
import { SessionBridge } from '../../src/main/sources/socketio/session-bridge.ts'
import { FakeClock } from './fake-clock.ts'

interface Asked {
  readonly url: string
  readonly method: string | undefined
  readonly redirect: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

export type BridgeAnswer = () => Response | Promise<Response>

interface Told {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

export const json = (body: unknown, { status: code = 200, headers = {} }: Told = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const told = { 'content-type': 'application/json', ...headers }
  return (): Response => new Response(text, { status: code, headers: told })
}

export const status = (code: number, headers: Record<string, string> = {}): BridgeAnswer => {
  return () => new Response(null, { status: code, headers })
}

/** A session bridge whose server answers as the test says. */
export class BridgeBench {
  readonly scope = new Scope('test')
  readonly clock = new FakeClock()
  readonly asked: Asked[] = []
  readonly logged: string[] = []
  readonly bridge: SessionBridge
  /** Given one after the other; the last one again and again. */
  answers: BridgeAnswer[] = [json({ success: true })]

  constructor() {
    const { scope, clock } = this
    this.bridge = new SessionBridge({
      scope,
      clock,
      fetch: async (input, init) => {
        this.asked.push({
          url: input instanceof Request ? input.url : String(input),
          method: init?.method,
          redirect: init?.redirect,
          headers: Object.fromEntries(new Headers(init?.headers)),
        })
        const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0]
        if (answer === undefined) throw new Error('no answer')
        return answer()
      },
      gatewayUrl: 'https://gw.test/base',
      log: createLog('test', clock, (line) => this.logged.push(line)),
    })
  }

  /** A session that ends so long after this was said. */
  granted(lifeMs: number, headers: Record<string, string> = {}): () => Response {
    const end = (): string => new Date(this.clock.now() + lifeMs).toISOString()
    return () => json({ expires_at: end() }, { headers })()
  }

  async close(): Promise<void> {
    this.answers = [status(204)]
    await this.scope.close('test over')
  }
}
