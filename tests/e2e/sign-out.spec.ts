import type { Bridge } from '../../src/shared/ipc/bridge.ts'
import type { Receipt } from '../../src/shared/workspace.ts'
import { startDemoBackend, type DemoUser } from '../support/demo-backend.ts'
import { openConsole, type Console } from '../support/e2e-console.ts'
import { receiptsIn } from '../support/e2e-tap.ts'
import { expect, test } from '../support/e2e-test.ts'
import { FaultProxy } from '../support/fault-proxy.ts'
import { accountsKept } from '../support/keyring.ts'

const isUpgrade = ({ upgrade }: { readonly upgrade: boolean }): boolean => upgrade
const isRefresh = ({ path }: { readonly path: string }): boolean =>
  path.includes('grant_type=refresh_token')

test('sign-out while sockets are being opened', async ({ open, backend, faultProxy: proxy }) => {
  proxy.hooks.decide = (request) => (request.upgrade ? 'silent' : undefined)
  const console = await open({ url: proxy.url })
  await console.signIn(backend.alice)
  await expect.poll(() => proxy.requests.filter(isUpgrade).length).toBeGreaterThan(2)

  const receipt = await signOutOf(console, backend.alice)
  expect(receipt.lines[0]).toMatchObject({ what: 'sockets', left: 0 })
  expect(receipt.lines[0]!.ended).toBeGreaterThan(2)
  expect(receipt.server).toEqual({ kind: 'revoked' })
  await expectNothingLeft(console, { proxy, next: backend.bea })
})

test('sign-out while the session is being refreshed', async ({ folder }) => {
  await using opened = new AsyncDisposableStack()
  const backend = await startDemoBackend({ tokenLifetimeSeconds: 12 })
  opened.defer(() => backend.stop())
  const proxy = await FaultProxy.start(backend.url)
  opened.defer(() => proxy.stop())
  proxy.hooks.decide = (request) => (isRefresh(request) ? 'silent' : undefined)
  const console = await openConsole({ backend, folder, url: proxy.url })
  opened.defer(() => console.close())
  await console.signIn(backend.alice)
  await console.live()
  await expect.poll(() => proxy.requests.filter(isRefresh).length, { timeout: 15_000 }).toBe(1)

  const receipt = await signOutOf(console, backend.alice)
  // The access token in hand was still good for telling the server.
  expect(receipt.server).toEqual({ kind: 'revoked' })
  await expect(console.page.getByRole('row', { name: 'Session at the server ended' })).toBeVisible()
  await expectNothingLeft(console, { proxy, next: backend.bea })
})

test('sign-out while the network is gone', async ({ open, backend, faultProxy: proxy }) => {
  const console = await open({ url: proxy.url })
  await console.signIn(backend.alice)
  await console.live()
  proxy.mode = 'reset'
  proxy.cut()
  await expect(console.header.getByText(/^(Reconnecting|As of)/)).toBeVisible()

  const receipt = await signOutOf(console, backend.alice)
  expect(receipt.server.kind).toBe('not-reached')
  await expectNotReached(console, '(server unreachable)')
  await expectNothingLeft(console, { proxy, next: backend.bea })
})

test('sign-out against a server that accepts and never answers', async ({
  open,
  backend,
  faultProxy: proxy,
}) => {
  const console = await open({ url: proxy.url })
  await console.signIn(backend.alice)
  await console.live()
  const before = proxy.requests.length
  proxy.mode = 'silent'
  proxy.cut()
  await expect.poll(() => proxy.requests.length).toBeGreaterThan(before)

  const receipt = await signOutOf(console, backend.alice)
  expect(receipt.server.kind).toBe('not-reached')
  await expectNotReached(console, '(no answer in time)')
  await expectNothingLeft(console, { proxy, next: backend.bea })
})

test('sign-out asked for twice is one sign-out', async ({ open, backend, faultProxy: proxy }) => {
  const console = await open({ url: proxy.url })
  await console.signIn(backend.alice)
  await console.live()
  // The first one takes its time, so that the second comes while it is under way.
  proxy.hooks.decide = ({ path }) => (path.includes('/logout') ? 'silent' : undefined)
  const answers = await console.page.evaluate(async () => {
    const bridge = window.bridge as unknown as Bridge
    const views = await bridge.call('workspaces:list')
    const workspaceId = views.ok ? views.value[0]!.id : ''
    const ask = () => bridge.call('session:sign-out', { workspaceId })
    const together = await Promise.all([ask(), ask()])
    return [...together, await ask()]
  })
  const receipts = receiptsIn(await console.tap())
  expect(receipts).toHaveLength(1)
  expect(answers).toEqual([1, 2, 3].map(() => ({ ok: true, value: receipts[0] })))
  expect(proxy.requests.filter(({ path }) => path.includes('/logout'))).toHaveLength(1)
  await expectNotReached(console, '(no answer in time)')
  expectClean(receipts[0]!)
  await expectNothingLeft(console, { proxy, next: backend.bea })
})

/** Through the menu; the receipt is read off the wall, where its figures are. */
async function signOutOf(console: Console, user: DemoUser): Promise<Receipt> {
  await console.signOut(user)
  const [receipt] = receiptsIn(await console.tap())
  expectClean(receipt!)
  return receipt!
}

function expectClean(receipt: Receipt): void {
  // The product promises a second, so this is no limit of the test.
  expect(receipt.durationMs).toBeLessThanOrEqual(1_000)
  expect(receipt.lines.map(({ what, left }) => [what, left])).toEqual([
    ['sockets', 0],
    ['timers_and_requests', 0],
    ['subscriptions', 0],
    ['rows', 0],
    ['cached_bytes', 0],
    ['keychain_entries', 0],
  ])
  expect(receipt.lines.at(-1)!.ended).toBeGreaterThan(0)
}

async function expectNotReached({ page }: Console, why: string): Promise<void> {
  await expect(page.getByRole('row', { name: 'Session at the server not reached' })).toBeVisible()
  await expect(
    page.getByText(
      /The server could not be reached \([a-z ]+\), so it was not told\. The last token, erased here, is valid there until \d\d:\d\d\./,
    ),
  ).toContainText(why)
  await expect(page.getByText('Nothing of this session is left on this computer.')).toBeVisible()
}

interface Aftermath {
  readonly proxy: FaultProxy
  /** Who signs in next, in another tenant. */
  readonly next: DemoUser
}

/**
 * The way is open again, and somebody else signs in: whatever of the old session was still alive
 * would now speak. The first thing that is heard is the new sign-in, and no old token ever again.
 */
async function expectNothingLeft(console: Console, { proxy, next }: Aftermath): Promise<void> {
  expect(accountsKept(console.userDataDir)).toEqual([])
  const oldTokens = [...proxy.tokens]
  const mark = proxy.requests.length
  proxy.mode = 'pass'
  proxy.hooks = {}
  await console.page.getByRole('button', { name: 'Sign in again' }).click()
  await console.signIn(next)
  await console.live()
  expect(proxy.requests[mark]!.path).toBe('/auth/v1/token?grant_type=password')
  expect(proxy.using(oldTokens, mark)).toEqual([])
  await expect(console.grid.getByRole('row', { name: 'Borealis Health' })).toBeVisible()
  await expect(console.grid).not.toContainText('Acme Freight')
}
