import { isDeepStrictEqual } from 'node:util'
import type { JobRow } from '../../src/shared/job.ts'
import type { Console } from '../support/e2e-console.ts'
import { jobNews, latestJobs } from '../support/e2e-tap.ts'
import { expect, test } from '../support/e2e-test.ts'

test('operators of two tenants, side by side, see their own jobs move and nothing of the other', async ({
  open,
  backend,
}) => {
  test.setTimeout(120_000)
  const { alice, amir, bea } = backend
  const [acme, borealis] = await Promise.all([open(), open()])
  await Promise.all([acme.signIn(alice), borealis.signIn(bea)])
  await Promise.all([acme.live(), borealis.live()])

  await test.step('jobs move and finish in both windows', async () => {
    await Promise.all([moves(acme), moves(borealis)])
    await Promise.all([finishes(acme), finishes(borealis)])
  })

  await test.step('neither has a row, count, name, id or message of the other', async () => {
    await expectNothingOf(acme, borealis)
    await expectNothingOf(borealis, acme)
    await expectOnly(alice.tenantId, acme)
    await expectOnly(bea.tenantId, borealis)
  })

  await test.step('another admin of the first tenant sees the same jobs', async () => {
    await borealis.signOut(bea)
    const seenByBea = new Set(latestJobs(await borealis.tap()).keys())
    await borealis.page.getByRole('button', { name: 'Sign in again' }).click()
    await borealis.signIn(amir)
    await borealis.live()
    // Jobs go on ending meanwhile: both are read each time, until they agree.
    const agree = async (): Promise<boolean> =>
      isDeepStrictEqual(endings(await borealis.tap(), seenByBea), endings(await acme.tap()))
    await expect.poll(agree, { message: 'both know the same ends', timeout: 15_000 }).toBe(true)
  })
})

/** The bar of some job rises, as a screen reader would read it. A name is no job: it runs again and again. */
async function moves({ bars }: Console): Promise<void> {
  const read = async (): Promise<Map<string, number>> => {
    const each = await bars.evaluateAll((all) =>
      all.map((bar): [string, number] => [
        bar.closest('[role=row]')?.getAttribute('data-key') ?? '',
        Number(bar.getAttribute('aria-valuenow')),
      ]),
    )
    return new Map(each)
  }
  const first = new Map<string, number>()
  const risen = async (): Promise<boolean> => {
    const now = await read()
    // A job that has only just begun to run counts from where it was first seen.
    for (const [key, value] of now) if (!first.has(key)) first.set(key, value)
    return [...now].some(([key, value]) => value > (first.get(key) ?? value))
  }
  await expect.poll(risen, { message: 'a bar rises', timeout: 20_000 }).toBe(true)
}

/** A job that the window saw running is done there. */
async function finishes({ grid, tap }: Console): Promise<void> {
  const running = [...latestJobs(await tap()).values()].filter((job) => job.status === 'running')
  const done = async (): Promise<number> => {
    const now = latestJobs(await tap())
    return running.filter(({ id }) => now.get(id)?.status === 'succeeded').length
  }
  await expect.poll(done, { message: 'a running job is done', timeout: 60_000 }).toBeGreaterThan(0)
  await expect(grid.getByRole('row', { expanded: true }).first()).toContainText(/[1-9]\d* done/)
}

/** Nothing that is a tenant's own stands anywhere in what the other one was told or shown. */
async function expectNothingOf(owner: Console, other: Console): Promise<void> {
  const jobs = rowsOf(await owner.tap())
  const own = new Set(jobs.flatMap(({ id, name, tenantId }) => [id, name, tenantId]))
  const messages = await other.tap()
  const told = messages.map((message) => JSON.stringify(message)).join('\n')
  const shown = `${await other.page.content()}\n${await other.page.locator('body').ariaSnapshot()}`
  expect(own.size).toBeGreaterThan(6)
  for (const fact of own) {
    expect([told.includes(fact), shown.includes(fact)], fact).toEqual([false, false])
  }
  // "batch 1 of 69 loaded" is said of the jobs of both; everything else must be told to one only.
  const ofOther = new Set(rowsOf(messages).map(({ message }) => message))
  for (const { message } of jobs) {
    if (message === null || ofOther.has(message)) continue
    expect(told.includes(JSON.stringify(message)), message).toBe(false)
  }
}

const rowsOf = (messages: Parameters<typeof jobNews>[0]): JobRow[] =>
  jobNews(messages).flatMap(({ rows }) => [...rows])

/** Every row and every count that main told is of this tenant, and the counts count its rows. */
async function expectOnly(tenantId: string, { tap }: Console): Promise<void> {
  const messages = await tap()
  const news = jobNews(messages)
  expect(new Set(news.flatMap(({ rows }) => rows.map((row) => row.tenantId)))).toEqual(
    new Set([tenantId]),
  )
  expect(new Set(news.flatMap(({ groups }) => groups.map((group) => group.tenantId)))).toEqual(
    new Set([tenantId]),
  )
  const { queued, running, failed, succeeded, cancelled } = news.at(-1)!.groups[0]!
  const counted = queued + running + failed + succeeded + cancelled
  expect(counted).toBe(latestJobs(messages).size)
}

/** Which finished jobs are known, and how each of them ended. */
function endings(messages: Parameters<typeof jobNews>[0], but: ReadonlySet<string> = new Set()) {
  const finished = ({ status }: JobRow): boolean => status !== 'running' && status !== 'queued'
  return [...latestJobs(messages).values()]
    .filter((row) => finished(row) && !but.has(row.id))
    .map(({ id, tenantId, status, attempt, progress }) => ({
      id,
      tenantId,
      status,
      attempt,
      progress,
    }))
    .sort((one, two) => one.id.localeCompare(two.id))
}
