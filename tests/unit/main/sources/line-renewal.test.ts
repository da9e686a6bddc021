import { afterEach, describe, expect, it } from 'vitest'
import type { Secret } from '../../../../src/main/lib/secret.ts'
import { settle } from '../../../support/fake-clock.ts'
import { LineBench } from '../../../support/line-bench.ts'

let bench: LineBench
const use = (options: ConstructorParameters<typeof LineBench>[0]): void => {
  bench = new LineBench(options)
}
const tokenOf = (at: number): string | undefined => bench.socket(at).credential?.token

afterEach(async () => {
  await bench.scope.close('test over')
  expect([bench.sockets.live, bench.clock.armed, bench.scope.size]).toEqual([0, 0, 0])
})

describe('a token renewed on the open socket', () => {
  it('needs no dial when the peer takes it', async () => {
    const offered: string[] = []
    use({
      renewOpen: async (token: Secret) => {
        offered.push(token.reveal())
        return true
      },
    })
    await bench.open()
    await bench.renew()
    expect(offered).toEqual(['token-2'])
    expect(bench.sockets.all).toHaveLength(1)
    bench.socket(0).end({ code: 1008, reason: 'session_revoked' })
    await settle()
    // What is renewed is the token that the peer took, not the one of the handshake.
    expect(bench.tokens.renewals).toBe(2)
    expect(tokenOf(1)).toBe('token-3')
  })

  it('is handed over when the peer does not', async () => {
    use({ renewOpen: async () => false })
    await bench.open()
    await bench.renew()
    expect(tokenOf(1)).toBe('token-2')
  })

  it('is not handed over when the socket was lost before the answer', async () => {
    const answer = Promise.withResolvers<boolean>()
    use({ renewOpen: () => answer.promise })
    await bench.open()
    await bench.renew()
    bench.socket(0).end()
    await bench.clock.advance(1_000)
    bench.socket(1).accept()
    answer.resolve(false)
    await settle()
    expect(bench.sockets.all).toHaveLength(2)
    expect(tokenOf(1)).toBe('token-2')
  })
})
