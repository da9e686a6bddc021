import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Secret } from '../../../src/main/lib/secret.ts'
import type { Outcome } from '../../../src/shared/failure.ts'
import { settle } from '../fake-clock.ts'
import { ScriptedAuth, session as sane, strangers } from '../scripted-auth.ts'
import type { AuthMood } from '../scripted-auth.ts'
import { password, TestComputer } from '../session-parts.ts'
import type { OpenSession } from '../session-parts.ts'
import { claimsOf, expectNoSecret } from './canary.ts'
import type { Level, Seen } from './level.ts'

type Step =
  | { readonly do: 'sign in' | 'ask' | 'renew' | 'wake' | 'restart' | 'sign out' | 'unlock' }
  | { readonly do: 'wait' | 'jump'; readonly ms: number }
  | { readonly do: 'server'; readonly mood: AuthMood }
  /** The project gives tokens of another kind. */
  | { readonly do: 'claims'; readonly claims: Readonly<Record<string, unknown>> }
  | { readonly do: 'keychain'; readonly is: 'open' | 'locked' | 'held' }

const minute = 60_000
const often = (weight: number, ...steps: Step[]) => ({
  weight,
  arbitrary: fc.constantFrom(...steps),
})
const waits = [1, 500, 10_000, minute, 57 * minute, 61 * minute]
const moods: AuthMood[] = ['well', 'well', 'down', 'hangs', 'loses replies', 'refuses']

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  often(8, { do: 'sign in' }),
  often(8, { do: 'ask' }, { do: 'renew' }, { do: 'wake' }),
  often(4, { do: 'restart' }, { do: 'unlock' }),
  often(2, { do: 'sign out' }),
  often(10, ...waits.map((ms): Step => ({ do: 'wait', ms }))),
  often(2, { do: 'jump', ms: -61 * minute }, { do: 'jump', ms: 61 * minute }),
  often(6, ...moods.map((mood): Step => ({ do: 'server', mood }))),
  often(1, ...[sane, sane, ...strangers].map((claims): Step => ({ do: 'claims', claims }))),
  often(
    3,
    { do: 'keychain', is: 'open' },
    { do: 'keychain', is: 'locked' },
    { do: 'keychain', is: 'held' },
  ),
)

/** One operator at one computer, living through a history. */
class Life {
  readonly #seen: Seen
  readonly #computer = new TestComputer()
  readonly #server = new ScriptedAuth(() => this.#computer.clock.now())
  #open: OpenSession
  #everLocked = false
  /** Said by a session that is over. */
  readonly #ghosts: string[] = []
  readonly #asked: Promise<unknown>[] = []

  constructor(seen: Seen) {
    this.#seen = seen
    this.#open = this.#start()
  }

  async step(step: Step): Promise<void> {
    await this.#act(step)
    await turn()
    this.#check()
  }

  async end(): Promise<void> {
    await this.#signOut()
    await this.#finish(Promise.all(this.#asked), minute)
    await this.#computer.clock.advance(61 * minute)
    this.#check()
    this.#expectNothing()
    expectNoSecret('the log', this.#computer.logLines.join('\n'))
    // I4: the keychain, and the requests of refreshing, are the only places.
    expectNoSecret('files', JSON.stringify([...this.#computer.files.kept]))
    void this.#open.scope.close('test')
  }

  async #act(step: Step): Promise<void> {
    const { clock } = this.#computer
    const { session } = this.#open
    switch (step.do) {
      case 'sign in':
        // What held it back has been answered: who signs in again has seen the receipt.
        this.#computer.keychain.release()
        this.#asked.push(session.signIn('ada@example.com', password))
        break
      case 'ask':
        this.#asked.push(session.current().then((token) => this.#look(token)))
        break
      case 'renew':
        this.#asked.push(this.#renew())
        break
      case 'wake':
        session.wake()
        break
      case 'unlock':
        this.#asked.push(session.unlock())
        break
      case 'wait':
        await clock.advance(step.ms)
        break
      case 'jump': {
        const { delays } = clock
        clock.jump(step.ms)
        assert.deepEqual(clock.delays, delays, 'I19: a wall clock moved a deadline')
        break
      }
      case 'server':
        this.#server.mood = step.mood
        break
      case 'claims':
        this.#server.claims = step.claims
        break
      case 'keychain':
        this.#turnKey(step.is)
        break
      case 'restart':
        await this.#restart()
        break
      case 'sign out':
        await this.#signOut()
        break
      default:
        step satisfies never
    }
  }

  #turnKey(is: 'open' | 'locked' | 'held'): void {
    const { keychain } = this.#computer
    keychain.trouble = is === 'locked' ? 'locked' : null
    if (is === 'held') keychain.hold()
    else keychain.release()
    this.#everLocked ||= is === 'locked'
  }

  async #renew(): Promise<void> {
    const { session } = this.#open
    const token = await session.current()
    if (token.ok) this.#look(await session.renew(token.value))
  }

  /** I13: whatever the server gives, nobody is handed anything but a session token with a tenant. */
  #look(token: Outcome<Secret>): void {
    if (!token.ok) return
    this.#seen.note('tokens')
    const { role, app_metadata } = claimsOf(token.value.reveal())
    assert.equal(role, 'authenticated', 'I13: a token of another kind was handed out')
    assert.deepEqual(
      app_metadata,
      sane.app_metadata,
      'I13: a token without a tenant was handed out',
    )
  }

  async #restart(): Promise<void> {
    const { keychain } = this.#computer
    await this.#finish(this.#open.scope.close('quit'), 1_000)
    this.#haunt()
    keychain.release()
    await turn()
    this.#open = this.#start()
    await this.#open.session.restore()
    this.#seen.note('restarts')
  }

  async #signOut(): Promise<void> {
    const { session, scope } = this.#open
    const wasSignedIn = session.view.kind === 'signed-in'
    this.#haunt()
    void scope.close('signed out')
    await this.#finish(session.signOut({ everywhere: false, askServer: true }), 1_000)
    await turn()
    this.#expectNothing()
    // What was held back comes now, and finds that it is over.
    this.#computer.keychain.release()
    await turn()
    this.#expectNothing()
    this.#open = this.#start()
    if (wasSignedIn) this.#seen.note('sign-outs')
  }

  /** I1: nothing is left of the session, or what is left is under a tombstone. */
  #expectNothing(): void {
    const { clock, keychain, files } = this.#computer
    const { view } = this.#open.session
    assert.deepEqual(
      [clock.armed, this.#server.pending, view.kind],
      [0, 0, 'signed-out'],
      'I1: timers, requests or a session are left',
    )
    if (files.kept.size === 0) assert.equal(keychain.entries.size, 0, 'I1: an entry is left')
    else assert.match([...files.kept.keys()].join(), /^erase-before-use-/)
  }

  #check(): void {
    const { session } = this.#open
    assert.deepEqual(this.#ghosts, [], 'I2: a session that is over spoke')
    assert.ok(this.#server.mostRefreshes <= 1, 'I5: two refreshes at once')
    // A locked keychain can bring back a token that was spent in memory; nothing else may.
    if (!this.#everLocked) assert.equal(this.#server.reused, 0, 'I5: a spent token came again')
    if (session.view.kind === 'signed-in') assert.notEqual(session.operator, null)
    expectNoSecret('the view', JSON.stringify(session.view))
  }

  async #finish(promise: Promise<unknown>, withinMs: number): Promise<void> {
    const state = { over: false }
    void promise.then(() => (state.over = true))
    await turn()
    for (let passed = 0; passed < withinMs && !state.over; passed += 100) {
      await this.#computer.clock.advance(100)
      await turn()
    }
    assert.ok(state.over, `nothing came of it within ${withinMs} ms`)
  }

  #haunt(): void {
    const { session } = this.#open
    session.onChanged(() => this.#ghosts.push('changed'))
    session.onEnded((reason) => this.#ghosts.push(reason))
    session.onRenewed(() => this.#ghosts.push('renewed'))
  }

  #start(): OpenSession {
    const { fetch } = this.#server
    return this.#computer.open({ url: 'https://auth.example', fetch })
  }
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  await settle()
}

/** Session, refresher, vault and keychain entries, over an auth server and a keychain with moods. */
export const sessionLevel: Level = {
  name: 'a session',
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I13', 'I19'],
  share: 10_000,
  needs: ['tokens', 'restarts', 'sign-outs'],
  property: (seen) =>
    fc.asyncProperty(
      fc.array(anyStep, { minLength: 5, maxLength: 30, size: 'max' }),
      async (steps) => {
        const life = new Life(seen)
        for (const step of steps) await life.step(step)
        await life.end()
      },
    ),
}
