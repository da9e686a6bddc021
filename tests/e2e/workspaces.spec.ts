import type { Page } from '@playwright/test'
import type { Bridge } from '../../src/shared/ipc/bridge.ts'
import { receiptsIn } from '../support/e2e-tap.ts'
import { expect, test } from '../support/e2e-test.ts'

test('two workspaces side by side: one ends unseen and says so, the other stays live', async ({
  open,
  backend,
}) => {
  const console = await open({
    profiles: [{}, { id: 'other-line', name: 'Other line', mark: 'production' }],
  })
  const { page, header, rows } = console
  const rail = page.getByRole('navigation', { name: 'Workspaces' })
  const title = header.getByRole('heading', { level: 1 })

  await test.step('one operator signs in to each', async () => {
    await console.signIn(backend.alice)
    await console.live()
    await rail.getByRole('button', { name: 'Sign in to another environment' }).click()
    await page.getByLabel('Environment', { exact: true }).selectOption('Other line')
    await console.signIn(backend.bea)
    await console.live()
    await expect(rail.getByRole('button', { name: /E2E line, staging, live/ })).toBeVisible()
    await expect(rail.getByRole('button', { name: /Other line, production, live/ })).toBeVisible()
  })

  await test.step('Ctrl and a digit shows the one or the other, with its own jobs', async () => {
    await page.keyboard.press('Control+1')
    await expect(title).toHaveText('E2E line')
    await expect(page.getByRole('treegrid', { name: 'Jobs of E2E line' })).toBeFocused()
    await expect(console.grid).toContainText('Acme Freight')
    await page.keyboard.press('Control+2')
    await expect(title).toHaveText('Other line')
    await expect(console.grid).not.toContainText('Acme Freight')
  })

  const notice = page.getByRole('region', { name: 'Signed out of E2E line' })
  await test.step('the one that is not shown ends: a notice, and nothing else moves', async () => {
    await signOutUnseen(page, 'e2e-line')
    await expect(notice).toContainText(`${backend.alice.email} · nothing is left here`)
    await expect(rail.getByRole('button', { name: /E2E line/ })).toHaveCount(0)
    await expect(title).toHaveText('Other line')
    await console.live()
  })

  await test.step('the receipt is there to be read, and the way back', async () => {
    await notice.getByRole('button', { name: 'Show receipt' }).click()
    await expect(page.getByRole('heading', { name: 'Signed out of E2E line' })).toBeFocused()
    await expect(page.getByText('Nothing of this session is left on this computer.')).toBeVisible()
    await expect(notice).toHaveCount(0)
    await page.getByRole('button', { name: 'Back to Other line' }).click()
    await console.live()
    await expect(rows.first()).toBeVisible()
  })

  const receipts = receiptsIn(await console.tap())
  expect(receipts.map(({ profileId }) => profileId)).toEqual(['e2e-line'])
})

/** As another window would: what is shown here stays what it is. */
async function signOutUnseen(page: Page, profileId: string): Promise<void> {
  const ok = await page.evaluate(async (wanted) => {
    const bridge = window.bridge as unknown as Bridge
    const views = await bridge.call('workspaces:list')
    const found = views.ok ? views.value.find((view) => view.profileId === wanted) : undefined
    const outcome = await bridge.call('session:sign-out', { workspaceId: found?.id ?? '' })
    return outcome.ok
  }, profileId)
  expect(ok).toBe(true)
}
