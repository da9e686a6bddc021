import { once } from 'node:events'
import { WebSocket } from 'ws'
import type { Console } from '../support/e2e-console.ts'
import { receiptsIn } from '../support/e2e-tap.ts'
import { expect, test } from '../support/e2e-test.ts'
import { accountsKept } from '../support/keyring.ts'

const entry: unknown = expect.stringMatching(/^[0-9a-f]{8}\.session\.e2e-line/)
/** Of the last known state, which closing leaves on disk. */
const cacheKey: unknown = expect.stringMatching(/^[0-9a-f]{8}\.cache\.e2e-line$/)

test('a session outlives a restart in the keychain, and sign-out leaves nothing of it', async ({
  open,
  backend,
  faultProxy: proxy,
  folder,
}) => {
  const { alice, amir } = backend
  const askToken = await backend.signIn(amir)
  const options = { folder, url: proxy.url }
  const first = await open(options)
  const nobody = await resourcesOf(first)
  expect(accountsKept(first.userDataDir)).toEqual([])

  await test.step('sign-in puts one entry into the keychain', async () => {
    await first.signIn(alice)
    await first.live()
    await expect.poll(() => accountsKept(first.userDataDir)).toEqual([entry])
    expect(await resourcesOf(first)).not.toEqual(nobody)
  })

  await test.step('closing keeps it, and the next start needs no password', async () => {
    await first.close()
    expect(accountsKept(first.userDataDir).sort()).toEqual([cacheKey, entry])
    await expect.poll(connections, { timeout: 1_000 }).toBe(0)
  })

  const second = await open(options)
  await second.live()
  await expect(second.page.getByRole('button', { name: `Operator ${alice.email}` })).toBeVisible()
  const signIns = proxy.requests.filter(({ path }) => path.includes('grant_type=password'))
  expect(signIns).toHaveLength(1)
  expect(await connections()).toBeGreaterThan(0)

  await test.step('sign-out leaves nothing at the server', async () => {
    await second.signOut(alice)
    await expect.poll(connections, { timeout: 1_000 }).toBe(0)
    const [oldToken] = proxy.tokens
    const socket = new WebSocket(`${backend.url.replace('http', 'ws')}/ws/progress/any`, {
      headers: { authorization: `Bearer ${oldToken ?? ''}` },
    })
    const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
    expect([code, reason.toString()]).toEqual([1008, 'session_revoked'])
  })

  await test.step('and nothing here', async () => {
    expect(accountsKept(second.userDataDir)).toEqual([])
    await expect.poll(() => resourcesOf(second), { timeout: 1_000 }).toEqual(nobody)
    const [receipt] = receiptsIn(await second.tap())
    expect(receipt!.lines.map(({ left }) => left)).toEqual([0, 0, 0, 0, 0, 0])
    expect(receipt).toMatchObject({ reason: null, server: { kind: 'revoked' }, notes: [] })
    for (const name of ['Sockets', 'Rows in memory', 'Keychain entries']) {
      await expect(
        second.page.getByRole('row', { name: new RegExp(`^${name} [1-9]\\d* 0$`) }),
      ).toBeVisible()
    }
    await expect(
      second.page.getByRole('row', { name: 'Session at the server ended' }),
    ).toBeVisible()
    await expect(
      second.page.getByText('Nothing of this session is left on this computer.'),
    ).toBeVisible()
  })

  await test.step('and the next start knows nobody', async () => {
    await second.close()
    const third = await open(options)
    await expect(third.page.getByRole('button', { name: 'Sign in', exact: true })).toBeVisible()
    expect(accountsKept(third.userDataDir)).toEqual([])
  })

  /** As the server counts them, for the tenant of both. */
  async function connections(): Promise<number> {
    const { body } = await backend.ask('/api/v1/websocket/status', askToken)
    return (body as { connections: number }).connections
  }
})

/**
 * What keeps the main process alive, each kind counted. Left out is what comes and goes with the
 * asking itself: a DevTools request and files being read at that very moment.
 */
async function resourcesOf({ app }: Console): Promise<Record<string, number>> {
  const kinds = await app.evaluate(() => process.getActiveResourcesInfo())
  const counted: Record<string, number> = {}
  for (const kind of kinds) {
    if (/^(Immediate|FSReq|CloseReq)/.test(kind)) continue
    counted[kind] = (counted[kind] ?? 0) + 1
  }
  return counted
}
