import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Scope } from '../../../../src/main/lib/scope.ts'
import { retry } from '../../../../src/main/sources/close-codes.ts'
import { Discovery } from '../../../../src/main/sources/discovery.ts'
import type { Round } from '../../../../src/main/sources/discovery.ts'
import type { GatewayAnswer } from '../../../../src/main/sources/gateway-http.ts'
import { FakeClock, settle } from '../../../support/fake-clock.ts'

interface Asked {
  readonly path: string
  readonly signal: AbortSignal
  readonly answer: (answer: GatewayAnswer) => void
}

let scope: Scope
let clock: FakeClock
let asked: Asked[]
let listed: (Round & { readonly body: unknown })[]
let found: GatewayAnswer | null
let stopped: string[]
let changes: number
let discovery: Discovery

beforeEach(() => {
  scope = new Scope('source')
  clock = new FakeClock()
  asked = []
  listed = []
  found = null
  stopped = []
  changes = 0
  discovery = new Discovery({
    scope,
    clock,
    random: () => 0.5,
    http: (signal) => (path) => new Promise((answer) => asked.push({ path, signal, answer })),
    onListed: (body, round) => {
      listed.push({ body, ...round })
      return Promise.resolve(found)
    },
    onStopped: (reason) => stopped.push(reason),
    onChanged: () => (changes += 1),
  })
})
afterEach(async () => {
  await scope.close('test over')
  expect([clock.armed, scope.size]).toEqual([0, 0])
})

const jobs: GatewayAnswer = { kind: 'body', body: { jobs: [] } }
async function answer(what: GatewayAnswer = jobs): Promise<void> {
  asked.at(-1)?.answer(what)
  await settle()
}

describe('Discovery', () => {
  it('asks for the active jobs and hands on what it is told', async () => {
    expect(asked).toEqual([])
    discovery.start()
    expect(asked.map(({ path }) => path)).toEqual(['api/v1/websocket/status?active_jobs=true'])
    expect(asked[0]?.signal.aborted).toBe(false)
    await answer()
    expect(listed).toMatchObject([{ body: { jobs: [] }, first: true }])
    expect([discovery.reason, discovery.nextTryAtMs, changes]).toEqual([null, null, 1])
  })

  it('lets a round ask more, which ends with the round', async () => {
    found = { kind: 'missing' }
    discovery.start()
    await answer()
    void listed[0]?.ask('api/v1/jobs/a')
    expect(asked.map(({ path }) => path).at(-1)).toBe('api/v1/jobs/a')
    expect(asked.at(-1)?.signal).toBe(asked[0]?.signal)
    expect(asked[0]?.signal.aborted).toBe(true)
  })

  it('asks again 3 s after a round that went well', async () => {
    discovery.start()
    await answer()
    await clock.advance(2_999)
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    expect(asked).toHaveLength(2)
    await answer()
    expect(listed.map(({ first }) => first)).toEqual([true, false])
  })

  it('asks again within half a second when something was missed', async () => {
    discovery.start()
    await answer()
    discovery.soon()
    await clock.advance(499)
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    expect(asked).toHaveLength(2)
  })

  it('wake asks at once', async () => {
    discovery.start()
    await answer()
    discovery.wake()
    expect(asked).toHaveLength(2)
  })

  it.each([
    [{ kind: 'failed', verdict: retry('unreachable') }, 'unreachable', 1_000],
    [{ kind: 'failed', verdict: retry('rate_limited', 10_000) }, 'rate_limited', 11_000],
    [{ kind: 'missing' }, 'protocol_error', 1_000],
  ] as const)('hands on nothing of %j, and says why and when it asks again', async (...row) => {
    const [trouble, reason, waitMs] = row
    discovery.start()
    await answer(trouble)
    expect(listed).toEqual([])
    expect([discovery.reason, discovery.nextTryAtMs]).toEqual([reason, clock.now() + waitMs])
    await clock.advance(waitMs)
    expect(asked).toHaveLength(2)
    await answer()
    expect([discovery.reason, discovery.nextTryAtMs]).toEqual([null, null])
    expect(listed.map(({ first }) => first)).toEqual([true])
  })

  it('takes what a list led to for its own trouble', async () => {
    found = { kind: 'failed', verdict: retry('server_error') }
    discovery.start()
    await answer()
    expect(discovery.reason).toBe('server_error')
  })

  it('stops when it is told to', async () => {
    discovery.start()
    await answer({
      kind: 'failed',
      verdict: { kind: 'stop', reason: 'forbidden', reach: 'source' },
    })
    expect(stopped).toEqual(['forbidden'])
    expect(clock.armed).toBe(0)
  })

  it('I2: hands on nothing that was answered too late', async () => {
    discovery.start()
    await clock.advance(2_001)
    discovery.wake()
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([true, false])
    asked[0]?.answer(jobs)
    await settle()
    expect(listed).toEqual([])
    await answer()
    expect(listed).toHaveLength(1)
    discovery.wake()
    await scope.close('signed out')
    await answer()
    expect([listed.length, changes]).toEqual([1, 1])
  })
})
