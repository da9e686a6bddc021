import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { settle } from '../../../support/fake-clock.ts'
import { ScriptedAuth } from '../../../support/scripted-auth.ts'
import type { AuthMood } from '../../../support/scripted-auth.ts'
import { password, TestComputer } from '../../../support/session-parts.ts'
import type { OpenSession } from '../../../support/session-parts.ts'

type Step =
  | { readonly do: 'sign in' | 'ask' | 'renew' | 'wake' | 'restart' | 'sign out' | 'unlock' }
  | { readonly do: 'wait' | 'jump'; readonly ms: number }
  | { readonly do: 'server'; readonly mood: AuthMood }
  | { readonly do: 'keychain'; readonly locked: boolean }

const minute = 60_000
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Step>({ do: 'sign in' }) },
  { weight: 4, arbitrary: fc.constantFrom<Step>({ do: 'ask' }, { do: 'renew' }, { do: 'wake' }) },
  { weight: 2, arbitrary: fc.constantFrom<Step>({ do: 'restart' }, { do: 'unlock' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'sign out' }) },
  {
    weight: 5,
    arbitrary: fc
      .constantFrom(1, 500, 10_000, minute, 57 * minute, 61 * minute)
      .map((ms): Step => ({ do: 'wait', ms })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-61 * minute, 61 * minute).map((ms): Step => ({ do: 'jump', ms })),
  },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom<AuthMood>('well', 'well', 'down', 'hangs', 'loses replies', 'refuses')
      .map((mood): Step => ({ do: 'server', mood })),
  },
  { weight: 1, arbitrary: fc.boolean().map((locked): Step => ({ do: 'keychain', locked })) },
)

/** One operator at one computer, living through a history. */
class Life {
  readonly computer = new TestComputer()
  readonly server = new ScriptedAuth(() => this.computer.clock.now())
  open: OpenSession = this.#start()
  everLocked = false
  /** Said by a session that is over; must stay empty (I2). */
  readonly ghosts: string[] = []
  readonly #asked: Promise<unknown>[] = []

  async step(step: Step): Promise<void> {
    const { session, scope } = this.open
    switch (step.do) {
      case 'sign in':
        this.#asked.push(session.signIn('ada@example.com', password))
        break
      case 'ask':
        this.#asked.push(session.current())
        break
      case 'renew':
        this.#asked.push(
          session.current().then((token) => (token.ok ? session.renew(token.value) : token)),
        )
        break
      case 'wake':
        session.wake()
        break
      case 'unlock':
        this.#asked.push(session.unlock())
        break
      case 'wait':
        await this.computer.clock.advance(step.ms)
        break
      case 'jump':
        this.computer.clock.jump(step.ms)
        break
      case 'server':
        this.server.mood = step.mood
        break
      case 'keychain':
        this.computer.keychain.trouble = step.locked ? 'locked' : null
        this.everLocked ||= step.locked
        break
      case 'restart':
        await this.#finish(scope.close('quit'), 1_000)
        this.#haunt()
        this.open = this.#start()
        await this.open.session.restore()
        break
      case 'sign out':
        await this.signOut()
        break
    }
    await turn()
  }

  async signOut(): Promise<void> {
    const { session, scope } = this.open
    this.#haunt()
    void scope.close('signed out')
    await this.#finish(session.signOut({ everywhere: false, askServer: true }), 1_000)
    await turn()
    this.expectNothing()
    this.open = this.#start()
  }

  /** I1: nothing is left of the session, or what is left is under a tombstone. */
  expectNothing(): void {
    const { clock, keychain, files } = this.computer
    const { view } = this.open.session
    expect({ armed: clock.armed, pending: this.server.pending, view: view.kind }).toEqual({
      armed: 0,
      pending: 0,
      view: 'signed-out',
    })
    if (files.kept.size === 0) expect(keychain.entries.size).toBe(0)
    else expect([...files.kept.keys()].join()).toMatch(/^erase-before-use-/)
  }

  async check(): Promise<void> {
    const { session } = this.open
    expect(this.ghosts).toEqual([])
    expect(this.server.mostRefreshes).toBeLessThanOrEqual(1)
    // A locked keychain can bring back a token that was spent in memory; nothing else may.
    if (!this.everLocked) expect(this.server.reused).toBe(0)
    if (session.view.kind === 'signed-in') expect(session.operator).not.toBeNull()
  }

  /** Every question ever asked has its answer, without a sleep past its deadline. */
  async answered(): Promise<void> {
    await this.#finish(Promise.all(this.#asked), 60_000)
  }

  async #finish(promise: Promise<unknown>, withinMs: number): Promise<void> {
    const state = { over: false }
    void promise.then(() => (state.over = true))
    await turn()
    for (let passed = 0; passed < withinMs && !state.over; passed += 100) {
      await this.computer.clock.advance(100)
      await turn()
    }
    expect(state.over).toBe(true)
  }

  #haunt(): void {
    const { session } = this.open
    session.onChanged(() => this.ghosts.push('changed'))
    session.onEnded((reason) => this.ghosts.push(reason))
    session.onRenewed(() => this.ghosts.push('renewed'))
  }

  #start(): OpenSession {
    return this.computer.open({ url: 'https://auth.example', fetch: this.server.fetch })
  }
}

describe('any history of a session', () => {
  it('keeps I1, I2 and I5 (1,000 histories)', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 30 }), async (steps) => {
        const life = new Life()
        for (const step of steps) {
          await life.step(step)
          await life.check()
        }
        await life.signOut()
        await life.answered()
        await life.computer.clock.advance(61 * minute)
        await life.check()
        await life.open.scope.close('test')
      }),
      { numRuns: 1_000 },
    )
  })
})

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await settle()
}
