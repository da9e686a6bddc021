import { describe, expect } from 'vitest'
import type { WebSocket } from 'ws'
import { openStreamSource } from '../../src/main/sources/stream-source.ts'
import { tokenSecret } from '../support/fake-auth-server.ts'
import { fault } from '../support/fault.ts'
import { ScriptedStream } from '../support/scripted-stream.ts'
import { ownJob, SignedInLine } from '../support/signed-in-line.ts'
import { refusalOf } from '../support/token-check.ts'
import { until } from '../support/until.ts'

const hourMs = 3_600_000
/** Short lives, so that several of them fit into a test; renewed 90 s before their end. */
const lifetimeS = 600
const stepMs = 5_000

/** Sockets are closed by the gateway when their token dies, as ours does it; how many that were. */
class Warden {
  readonly #tokens = new Map<WebSocket, string | null>()
  closed = 0

  admit(socket: WebSocket, token: string | null): void {
    this.#tokens.set(socket, token)
    socket.on('close', () => this.#tokens.delete(socket))
  }

  look(nowMs: number): void {
    for (const [socket, token] of this.#tokens) {
      if (refusalOf(token, { secret: tokenSecret, now: () => nowMs }) === null) continue
      this.closed += 1
      socket.close(1008, 'token_expired')
    }
  }
}

describe('a token that expires in mid-stream', () => {
  fault(32, 'one socket a job: a successor takes over before, and no event is lost', async () => {
    const warden = new Warden()
    await using signed = await SignedInLine.live({
      beforeSignIn: (auth) => (auth.lifetimeS = lifetimeS),
      arrange: (gateway) => {
        gateway.onSocket = (socket, id, { token }) => {
          warden.admit(socket, token)
          socket.send(JSON.stringify({ type: 'snapshot', job: gateway.jobs.get(id) }))
        }
      },
    })
    const { auth, clock, line } = signed
    let heard = 0
    for (let ms = 0; ms < 2 * lifetimeS * 1_000; ms += stepMs) {
      await clock.advance(stepMs)
      warden.look(clock.now())
      line.gateway.push('job-1', { message: `event ${ms}` })
      await until('it is heard', () => line.bench.row()?.message === `event ${ms}`)
      heard += 1
      await line.turn()
    }
    const tokens = line.gateway.dials.map(({ token }) => token)
    expect(new Set(tokens).size).toBe(tokens.length)
    expect([auth.refreshes, tokens.length]).toEqual([2, 3])
    expect(warden.closed).toBe(0)
    expect(line.bench.shown).toEqual(['live'])
    expect(line.bench.row()?.seq).toBe(heard + 1)
    return `${heard} of ${heard} events over ${auth.refreshes} renewals, 90 s before the end each; shown as ${line.bench.shown.join()}`
  })

  fault(
    32,
    'the stream: the open socket is given the new token, and nothing is dialled',
    async () => {
      let stream: ScriptedStream | null = null
      await using signed = await SignedInLine.live({
        open: openStreamSource,
        beforeSignIn: (auth) => (auth.lifetimeS = lifetimeS),
        arrange: (gateway) => (stream = new ScriptedStream(gateway)),
      })
      const { auth, clock, line } = signed
      let heard = 0
      for (let ms = 0; ms < 2 * lifetimeS * 1_000; ms += stepMs) {
        await clock.advance(stepMs)
        stream!.push(ownJob({ seq: heard + 2, message: `event ${ms}` }))
        await until('it is heard', () => line.bench.row()?.message === `event ${ms}`)
        heard += 1
        await line.turn()
      }
      const offered = stream!.said.filter(({ type }) => type === 'auth')
      const refusals = offered.map(({ token = null }) =>
        refusalOf(token, { secret: tokenSecret, now: clock.now }),
      )
      expect([auth.refreshes, offered.length, line.gateway.dials.length]).toEqual([2, 2, 1])
      expect(refusals.at(-1)).toBeNull()
      expect(line.bench.shown.slice(line.bench.shown.indexOf('live'))).toEqual(['live'])
      expect(line.bench.source.view.gap).toBeUndefined()
      return `${heard} of ${heard} events on one socket that took ${offered.length} tokens`
    },
  )
})

describe('a clock that is wrong by an hour', () => {
  for (const [number, name, jumpMs] of [
    [37, 'ahead', hourMs],
    [38, 'behind', -hourMs],
  ] as const) {
    fault(number, `${name}: nobody is signed out, and no dead token is used`, async () => {
      await using signed = await SignedInLine.live({
        beforeSignIn: (auth) => (auth.lifetimeS = lifetimeS),
      })
      const { auth, clock, line, servers, session } = signed
      let refusals = 0
      const { refuse } = line.gateway
      line.gateway.refuse = (token) => {
        const refusal = refuse(token)
        if (refusal !== null) refusals += 1
        return refusal
      }
      clock.jump(jumpMs)
      servers.aheadMs = -jumpMs
      await line.seconds(2 * lifetimeS)
      expect(session.view.kind).toBe('signed-in')
      expect(line.bench.shown).toEqual(['live'])
      expect(refusals).toBeLessThanOrEqual(number === 38 ? 1 : 0)
      expect(auth.refreshes).toBeLessThanOrEqual(4)
      return `${2 * lifetimeS} s: ${session.view.kind}, ${line.bench.shown.join()}, ${auth.refreshes} refreshes, ${refusals} refused calls`
    })
  }
})
