import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { receiptsIn } from '../support/e2e-tap.ts'
import { expect, test } from '../support/e2e-test.ts'
import { accountsKept } from '../support/keyring.ts'

test('started again without a way to the server, it shows what it knew and since when, until sign-out', async ({
  open,
  backend,
  faultProxy: proxy,
  folder,
}) => {
  const computer = { url: proxy.url, folder: join(folder, 'computer') }
  const before = await open(computer)
  await before.signIn(backend.alice)
  await before.live()
  await before.close()
  const file = join(before.userDataDir, 'snapshot-e2e-line.sealed')
  expect(readFileSync(file).includes('acme')).toBe(false)

  proxy.mode = 'reset'
  const console = await open(computer)
  await expect(console.rows.first()).toBeVisible()
  await expect(console.header.getByText(/as of \d\d:\d\d:\d\d/i)).toBeVisible()
  await expect(
    console.page.getByRole('button', { name: `Operator ${backend.alice.email}` }),
  ).toBeVisible()

  await console.signOut(backend.alice)
  const [receipt] = receiptsIn(await console.tap())
  const cached = receipt?.lines.find(({ what }) => what === 'cached_bytes')
  expect(cached).toMatchObject({ left: 0 })
  expect(cached?.ended).toBeGreaterThan(0)
  expect(existsSync(file)).toBe(false)
  expect(accountsKept(console.userDataDir)).toEqual([])
})
