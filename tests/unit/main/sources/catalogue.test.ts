import { beforeEach, describe, expect, it } from 'vitest'
import {
  body,
  CatalogueBench,
  failed,
  missing,
  page,
  stopped,
} from '../../../support/catalogue-bench.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

const wholeList = 'api/v1/jobs?limit=200'
/** Of jobs that last changed at 13:59:02. */
const endedLately =
  'api/v1/jobs?limit=200&status=succeeded,failed,cancelled&since=2026-11-20T13%3A58%3A57.000Z'

let bench: CatalogueBench

beforeEach(() => {
  bench = new CatalogueBench()
})

describe('what discovery lists', () => {
  it.each([
    ['no object', null],
    ['no list', { active_jobs: 'job-1' }],
    ['a list by another name', { tasks: [] }],
    ['a list without end', { jobs: Array.from({ length: 10_001 }, () => 'a') }],
  ])('is nothing where the answer is %s', (_, said) => {
    expect(bench.catalogue.readActive(said)).toBeNull()
  })

  it.each(['active_jobs', 'jobs'])('are names and jobs under "%s"', (key) => {
    const active = bench.catalogue.readActive({ [key]: ['a', wireJob({ id: 'b' })] })
    expect([...(active ?? [])]).toEqual([
      ['a', null],
      ['b', bench.intake.last('b')],
    ])
    expect(bench.told).toEqual([])
  })

  it('F62: leaves out names that may not stand in a path, and jobs of others, and counts them', () => {
    const foreign = wireJob({ tenant_id: 'globex' })
    const active = bench.catalogue.readActive({ jobs: ['../admin', foreign, 'a'] })
    expect([...(active?.keys() ?? [])]).toEqual(['a'])
    expect(bench.told).toEqual(['dropped malformed', 'dropped tenant'])
  })

  it('is passed on as far as it is not over', () => {
    const over = wireJob({ id: 'b', status: 'failed' })
    bench.catalogue.readActive({ jobs: [wireJob({ id: 'a' }), over, 'c'] })
    expect(bench.opened).toEqual(['a'])
  })
})

describe('a round after an interruption', () => {
  it('takes the list of jobs and that of discovery for all there is', async () => {
    expect(await bench.round(bench.active('a'), true, page(['b']))).toBeNull()
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['all b a']])
  })

  it('reads on where the page says so', async () => {
    const answers = [page(['a'], { next_cursor: 'x&y', epoch: 'e' }), page(['b'], { epoch: 'e' })]
    await bench.round(bench.active(), true, ...answers)
    expect(bench.asked).toEqual([wholeList, `${wholeList}&cursor=x%26y`])
    expect(bench.told).toEqual(['all a b'])
  })

  it('reads 25 pages at most, and takes them for some of all', async () => {
    const answers = Array.from({ length: 30 }, (_, at) =>
      page([`job-${at}`], { next_cursor: `${at}` }),
    )
    await bench.round(bench.active(), true, ...answers)
    expect(bench.asked).toHaveLength(25)
    expect(bench.told).toEqual(Array.from({ length: 25 }, (_, at) => `take job-${at}`))
  })

  it('takes jobs for some of all where discovery names one that no list has', async () => {
    const active = bench.catalogue.readActive({ jobs: ['a', wireJob({ id: 'b' })] }) ?? new Map()
    await bench.round(active, true, page(['c']))
    expect(bench.told).toEqual(['take c', 'take b'])
  })

  it.each([
    ['read', page(['c']), 'all c b'],
    ['asked for in vain', failed, 'take b'],
  ])('does not bring back what was withdrawn while the list was %s', async (_, answer, told) => {
    bench.onAsked = () => bench.intake.forget('a')
    await bench.round(bench.active('a', 'b'), true, answer)
    expect(bench.told).toEqual(['forget a', told])
  })

  it('takes what discovery listed when the list cannot be had, and reads it the next time', async () => {
    expect(await bench.round(bench.active('b'), true, failed)).toBeNull()
    expect(bench.told).toEqual(['take b'])
    await bench.round(bench.active('b'), false, page(['c']))
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['all c b']])
    await bench.round(bench.active('b'), false, page([]))
    expect(bench.asked).toEqual([endedLately])
  })

  it('says that it may not go on', async () => {
    expect(await bench.round(bench.active('a'), true, stopped)).toBe(stopped)
    expect(bench.told).toEqual(['take a'])
  })

  it('does not ask a gateway again that serves no list', async () => {
    expect(await bench.round(bench.active('a'), true, missing)).toBeNull()
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['take a']])
    await bench.round(bench.active('a'), true)
    expect([bench.asked, bench.told]).toEqual([[], ['take a']])
  })

  it('asks for a list that was none only after the next interruption', async () => {
    expect(await bench.round(bench.active('a'), true, body({ jobs: 'none' }))).toBeNull()
    expect(bench.told).toEqual(['take a'])
    await bench.round(bench.active('a'), false)
    expect(bench.asked).toEqual([])
    await bench.round(bench.active('a'), true, page([]))
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['all a']])
  })
})

describe('a round after one that succeeded', () => {
  it('takes what discovery listed, and asks for nothing where no list was ever read', async () => {
    const active = bench.catalogue.readActive({ jobs: ['a', wireJob({ id: 'b' })] }) ?? new Map()
    expect(await bench.round(active, false)).toBeNull()
    expect([bench.asked, bench.told]).toEqual([[], ['take b']])
  })

  it('takes those too that ended since the latest change that was listed', async () => {
    await bench.round(bench.active(), true, page(['a']))
    await bench.round(bench.active(), false, page(['b']))
    expect([bench.asked, bench.told]).toEqual([[endedLately], ['take b']])
  })

  it('asks for none that ended while nothing was ever listed', async () => {
    await bench.round(bench.active(), true, page([]))
    await bench.round(bench.active(), false, page(['b']))
    expect([bench.asked, bench.told]).toEqual([[], []])
  })

  it.each([
    ['cannot be had', failed],
    ['is not served', missing],
    ['is none', body({ jobs: {} })],
  ])('goes on where the list of those %s', async (_, answer) => {
    await bench.round(bench.active(), true, page(['a']))
    expect(await bench.round(bench.active('b'), false, answer)).toBeNull()
    expect(bench.told).toEqual(['take b'])
    await bench.round(bench.active(), false, page([]))
    expect(bench.asked).toEqual([endedLately])
  })

  it('takes everything when that was asked for', async () => {
    await bench.round(bench.active(), true, page(['a']))
    bench.catalogue.readWhole()
    await bench.round(bench.active(), false, page(['a']))
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['all a']])
  })
})

describe('F53: a list of another epoch', () => {
  beforeEach(async () => {
    const old = body({ jobs: [wireJob({ id: 'a', seq: 9 })], epoch: 'e1' })
    await bench.round(bench.active(), true, old)
    expect(bench.told).toEqual(['all a'])
  })

  it('is taken anew without what discovery listed, and read once more', async () => {
    const next = page(['a', 'b'], { epoch: 'e2' })
    expect(await bench.round(bench.active('c'), true, next)).toBeNull()
    expect(bench.told).toEqual(['all a b anew e2'])
    expect(bench.intake.last('a')?.seq).toBe(1)
    await bench.round(bench.active('c'), false, page(['b'], { epoch: 'e2' }))
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['all b c']])
    await bench.round(bench.active('c'), false, page([], { epoch: 'e2' }))
    expect(bench.asked).toEqual([endedLately])
  })

  it('is no news when it is the same', async () => {
    await bench.round(bench.active('c'), true, page(['a'], { epoch: 'e1' }))
    expect(bench.told).toEqual(['all a c'])
    expect(bench.intake.last('a')?.seq).toBe(9)
  })

  it('that begins between two pages makes nothing of those before', async () => {
    const first = page(['a'], { epoch: 'e1', next_cursor: 'x' })
    const second = page(['b'], { epoch: 'e2' })
    expect(await bench.round(bench.active(), true, first, second)).toBeNull()
    expect(bench.told).toEqual([])
    await bench.round(bench.active(), false, page(['b'], { epoch: 'e2' }))
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['all b anew e2']])
  })

  it('is not taken for jobs that ended lately, and then everything is read', async () => {
    await bench.round(bench.active('c'), false, page(['b'], { epoch: 'e2' }))
    expect([bench.asked, bench.told]).toEqual([[endedLately], ['take c']])
    expect(bench.intake.last('b')).toBeUndefined()
    await bench.round(bench.active('c'), false, page(['b'], { epoch: 'e2' }))
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['all b anew e2']])
  })
})
