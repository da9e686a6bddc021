import { afterEach, describe, expect, it } from 'vitest'
import { settleAll } from '../../../../support/fake-clock.ts'
import { TableFeedBench } from '../../../../support/table-feed-bench.ts'
import { secondsLater, tableRow } from '../../../../support/table-rows.ts'

const first = ['unfinished', 'newest']
const whole = ['unfinished', 'changes']
const away = { status: 503, body: '{"message":"away"}' }
const forbidden = { status: 403, body: '{"code":"42501","message":"permission denied"}' }

let bench: TableFeedBench

/** More rows than one page holds, so that it shows whether one page is read or all. */
const manyRows = Array.from({ length: 150 }, (_, at) =>
  tableRow({ id: `j${at}`, status: 'completed', updated_at: secondsLater(1, at) }),
)

async function begun(mode: TableFeedBench['mode'], rows = [tableRow()]): Promise<void> {
  bench = new TableFeedBench()
  bench.put(...rows)
  await bench.begin(mode)
  expect(bench.asked).not.toEqual([])
}

afterEach(async () => {
  await bench.scope.close('test over')
  expect([bench.clock.armed, bench.scope.size]).toEqual([0, 0])
})

describe('the first reading', () => {
  it('makes the feed current, and closes no gap', async () => {
    bench = new TableFeedBench()
    bench.put(tableRow())
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([false, true])
    await bench.begin()
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([true, false])
    expect(bench.asked).toEqual(first)
    expect([bench.reads, bench.gaps]).toEqual([1, []])
    expect(bench.shown.has('job-1')).toBe(true)
  })

  it('that failed is made again after a wait, and still closes no gap', async () => {
    bench = new TableFeedBench()
    bench.refusal = away
    await bench.begin('told')
    expect([bench.feed.isCurrent, bench.feed.isGap, bench.reads]).toEqual([false, true, 0])
    expect(bench.feed.reason).toBe('server_error')
    expect(bench.feed.nextTryAtMs).toBe(bench.clock.now() + 1_000)
    bench.refusal = null
    await bench.pass(1_000)
    expect([bench.feed.isCurrent, bench.feed.isGap, bench.reads]).toEqual([true, false, 1])
    expect([bench.feed.reason, bench.feed.nextTryAtMs]).toEqual([null, null])
    expect(bench.gaps).toEqual([])
  })

  it('during which changes began to be told is followed by a whole one, and no gap was there', async () => {
    bench = new TableFeedBench()
    bench.hold()
    await bench.begin('quiet')
    bench.mode = 'told'
    bench.feed.catchUp()
    await bench.releaseOne()
    await bench.releaseOne()
    expect(bench.asked).toEqual([...first, 'unfinished'])
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([false, false])
    await bench.release()
    expect(bench.asked).toEqual(['changes'])
    expect([bench.feed.isCurrent, bench.gaps]).toEqual([true, []])
  })
})

describe('where it was before', () => {
  it('is read on from, once, and the gap is closed', async () => {
    bench = new TableFeedBench('public.translation_jobs 1795183140000000')
    bench.put(tableRow())
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([false, true])
    await bench.begin()
    expect(bench.asked).toEqual(whole)
    expect(bench.queries[1]?.get('updated_at')).toBe('gte.2026-11-20T13:58:55.000000Z')
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([true, false])
    expect(bench.gaps).toEqual([{ recovered: 1, missing: null }])
    expect(bench.position).toBe('public.translation_jobs 1795183142000001')
  })

  it.each([
    null,
    '',
    'public.translation_jobs',
    'public.translation_jobs ',
    'public.translation_jobs x1',
    'public.translation_jobs 1x',
    'public.translation_jobs -1',
    'public.translation_jobs 12345678901234567',
    'public.other 1795183140000000',
    'other.translation_jobs 1795183140000000',
    '1795183140000000',
  ])('is nowhere when it says %j', async (position) => {
    bench = new TableFeedBench(position)
    await bench.begin()
    expect(bench.asked).toEqual(first)
    expect(bench.gaps).toEqual([])
  })

  it('has sixteen digits at the most', async () => {
    bench = new TableFeedBench('public.translation_jobs 1234567890123456')
    await bench.begin()
    expect(bench.asked).toEqual(whole)
  })
})

describe('while nothing else tells changes', () => {
  it('all changes are read every 5 s, and everything once a minute', async () => {
    await begun('polled', manyRows)
    for (let minute = 0; minute < 2; minute += 1) {
      for (let poll = 1; poll < 12; poll += 1) {
        await bench.pass(4_999)
        expect(bench.asked).toEqual([])
        await bench.pass(1)
        expect(bench.asked).toEqual(['changes', 'changes+'])
      }
      await bench.pass(5_000)
      expect(bench.asked).toEqual(['unfinished', 'changes', 'changes+'])
    }
    expect(bench.gaps).toEqual([])
  })

  it('a reading that fails opens a gap, which the next one closes', async () => {
    await begun('polled')
    bench.refusal = away
    await bench.pass(5_000)
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([false, true])
    expect(bench.feed.reason).toBe('server_error')
    expect(bench.feed.nextTryAtMs).toBe(bench.clock.now() + 1_000)
    expect(bench.asked).toEqual(['changes'])
    bench.refusal = null
    bench.put(tableRow({ progress: 30, updated_at: secondsLater(3) }))
    await bench.pass(1_000)
    expect(bench.asked).toEqual(whole)
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([true, false])
    expect(bench.gaps).toEqual([{ recovered: 1, missing: null }])
  })

  it('nothing is read while changes are expected to be told very soon', async () => {
    await begun('quiet')
    await bench.pass(600_000)
    expect(bench.asked).toEqual([])
  })
})

describe('while changes are told', () => {
  it('they are checked once a minute, by one page, which goes on where the last one ended', async () => {
    await begun('told', manyRows)
    await bench.pass(59_999)
    expect(bench.asked).toEqual([])
    await bench.pass(1)
    expect(bench.asked).toEqual(['changes'])
    await bench.pass(60_000)
    expect(bench.asked).toEqual(['changes+'])
    await bench.pass(60_000)
    expect(bench.asked).toEqual(['changes'])
  })

  it.each([
    ['at once', 0, 5_000],
    ['soon', 1_000, 4_000],
    ['a little before half a second is left', 4_400, 600],
    ['later', 4_600, 500],
    ['long after', 40_000, 500],
  ])('a row told in part %s after a reading is read after %d + %d ms', async (_, after, delay) => {
    await begun('told', manyRows)
    // The reading that is counted from is not the one at the beginning of time.
    await bench.pass(60_000 + after)
    expect(bench.asked).toEqual(['changes'])
    bench.feed.doubt()
    await bench.pass(delay - 1)
    expect(bench.asked).toEqual([])
    await bench.pass(1)
    expect(bench.asked).toEqual(['changes', 'changes+'])
    await bench.pass(60_000)
    expect(bench.asked).toEqual(['changes'])
  })

  it('a row told in part before anything was read is read after half a second', async () => {
    bench = new TableFeedBench()
    bench.mode = 'told'
    bench.feed.doubt()
    await bench.pass(499)
    expect(bench.asked).toEqual([])
    await bench.pass(1)
    expect(bench.asked).toEqual(first)
  })

  it('waking reads all changes, now', async () => {
    await begun('told', manyRows)
    await bench.pass(10_000)
    bench.feed.wake()
    await settleAll()
    expect(bench.asked).toEqual(['changes', 'changes+'])
  })

  it.each([
    ['is away', away],
    ['answers with something else', { status: 200, body: '{"jobs":[]}' }],
  ])('a check waits for the next minute when the server %s', async (_, refusal) => {
    await begun('told')
    bench.refusal = refusal
    await bench.pass(60_000)
    expect(bench.asked).toEqual(['changes'])
    expect([bench.feed.isCurrent, bench.feed.isGap, bench.feed.reason]).toEqual([true, false, null])
    expect(bench.clock.delays).toEqual([60_000])
  })

  it('a row told in part is asked for every 5 s until the server answers', async () => {
    await begun('told', manyRows)
    await bench.pass(10_000)
    bench.refusal = away
    bench.feed.doubt()
    await bench.pass(500)
    expect(bench.asked).toEqual(['changes'])
    expect([bench.feed.isCurrent, bench.feed.isGap, bench.feed.reason]).toEqual([true, false, null])
    bench.refusal = null
    await bench.pass(4_999)
    expect(bench.asked).toEqual([])
    await bench.pass(1)
    expect(bench.asked).toEqual(['changes', 'changes+'])
  })

  it('a check that is refused for good stops it', async () => {
    await begun('told')
    bench.refusal = forbidden
    await bench.pass(60_000)
    expect(bench.stopped).toEqual(['permission_denied'])
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([false, true])
    expect(bench.clock.armed).toBe(0)
  })

  it('a reading of what was missed does not wait', async () => {
    await begun('told')
    bench.refusal = away
    bench.feed.catchUp()
    await settleAll()
    expect(bench.asked).toEqual(['unfinished'])
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([false, true])
    expect(bench.feed.reason).toBe('server_error')
    expect(bench.clock.delays).toEqual([1_000])
  })
})

describe('what was missed', () => {
  it('is read by a reading that began after changes were told again, and by no earlier one', async () => {
    await begun('told')
    bench.hold()
    bench.feed.lose()
    bench.feed.catchUp()
    await settleAll()
    bench.feed.lose()
    bench.feed.catchUp()
    await bench.releaseOne()
    await bench.releaseOne()
    expect(bench.asked).toEqual([...whole, 'unfinished'])
    expect([bench.feed.isCurrent, bench.feed.isGap, bench.gaps]).toEqual([false, true, []])
    await bench.release()
    expect([bench.feed.isCurrent, bench.feed.isGap]).toEqual([true, false])
    expect(bench.gaps).toEqual([{ recovered: 0, missing: null }])
  })

  it('is counted over all readings that it took', async () => {
    await begun('told')
    bench.hold()
    bench.feed.lose()
    bench.put(tableRow({ progress: 20, updated_at: secondsLater(2) }))
    bench.feed.catchUp()
    await bench.releaseOne()
    bench.refusal = away
    await bench.release()
    bench.refusal = null
    bench.put(tableRow({ id: 'new', updated_at: secondsLater(4) }))
    await bench.pass(1_000)
    expect(bench.gaps).toEqual([{ recovered: 2, missing: null }])
  })

  it('is read anew when the computer wakes while an answer is overdue', async () => {
    await begun('told')
    bench.feed.lose()
    bench.hold()
    bench.feed.catchUp()
    await bench.pass(2_001)
    bench.feed.wake()
    await settleAll()
    await bench.release()
    expect(bench.asked).toEqual(['unfinished', ...whole])
    expect([bench.feed.isCurrent, bench.feed.isGap, bench.reads]).toEqual([true, false, 2])
    expect(bench.gaps).toEqual([{ recovered: 0, missing: null }])
  })
})
