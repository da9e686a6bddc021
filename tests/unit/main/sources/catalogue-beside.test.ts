import { beforeEach, describe, expect, it } from 'vitest'
import type { Active } from '../../../../src/main/sources/catalogue.ts'
import type { GatewayAnswer } from '../../../../src/main/sources/gateway-http.ts'
import type { Job } from '../../../../src/shared/job.ts'
import { body, CatalogueBench, failed, missing, page } from '../../../support/catalogue-bench.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

const wholeList = 'api/v1/jobs?limit=200'

let bench: CatalogueBench

beforeEach(() => {
  bench = new CatalogueBench()
})

describe('what is listed beside a stream', () => {
  function beside(
    active: Active,
    { told = [], isAllTold = false }: { told?: readonly Job[]; isAllTold?: boolean },
    ...answers: readonly GatewayAnswer[]
  ): Promise<GatewayAnswer | null> {
    const { ask, scope, catalogue } = bench
    bench.answers.push(...answers)
    return catalogue.takeBeside(active, { ask, scope, told: () => told, isAllTold })
  }
  const mixed = (): Active =>
    bench.catalogue.readActive({ jobs: ['a', wireJob({ id: 'b' })] }) ?? new Map()

  it('is all there is, with what the stream told of last', async () => {
    const told = bench.know({ id: 'c', seq: 7 })
    expect(await beside(bench.active('b'), { told }, page(['a']))).toBeNull()
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['all a b c']])
  })

  it('is some of all where a name has no job', async () => {
    await beside(mixed(), {}, page(['c']))
    expect(bench.told).toEqual(['take c', 'take b'])
  })

  it('is some of all where the pages have no end', async () => {
    const answers = Array.from({ length: 25 }, () => page(['a'], { next_cursor: 'x' }))
    await beside(bench.active('b'), {}, ...answers)
    expect([...new Set(bench.told)]).toEqual(['take a', 'take b'])
  })

  it('is what the stream told of where there is no list and the stream tells all', async () => {
    const told = bench.know({ id: 'c' })
    expect(await beside(bench.active('b'), { told, isAllTold: true }, missing)).toBeNull()
    expect(bench.told).toEqual(['all c'])
  })

  it('is what discovery named where there is no list and the stream proves nothing', async () => {
    const told = bench.know({ id: 'c' })
    await beside(mixed(), { told }, missing)
    expect(bench.told).toEqual(['take b'])
  })

  it('is told of when it could not be had', async () => {
    expect(await beside(bench.active('b'), {}, failed)).toBe(failed)
    expect(bench.told).toEqual([])
  })

  it('is nothing any more to a stream that ended meanwhile', async () => {
    bench.onAsked = () => void bench.scope.close('over')
    expect(await beside(bench.active('b'), {}, failed)).toBeNull()
    expect(await beside(bench.active('b'), {}, page(['a']))).toBeNull()
    expect(bench.told).toEqual([])
  })
})

describe('the newest jobs', () => {
  it('are those of the first page', async () => {
    bench.answers.push(page(['a', 'b'], { next_cursor: 'x' }), page(['c']))
    await bench.catalogue.refresh(bench.ask)
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['take a', 'take b']])
  })

  it.each([
    ['cannot be had', failed],
    ['is not served', missing],
  ])('are none where the list %s', async (_, answer) => {
    bench.answers.push(answer)
    await bench.catalogue.refresh(bench.ask)
    expect(bench.told).toEqual([])
  })
})

describe('jobs that are listed no more', () => {
  const resolve = async (ids: readonly string[], ...answers: GatewayAnswer[]): Promise<void> => {
    bench.answers.push(...answers)
    await bench.catalogue.resolve(ids, bench.ask)
  }

  it('are looked for in the list, and asked for one by one when they are not over there', async () => {
    bench.know({ id: 'a' }, { id: 'b' }, { id: 'c', status: 'failed' })
    const over = (id: string): object => wireJob({ id, seq: 2, status: 'succeeded' })
    await resolve(['a', 'b', 'c', 'unknown'], body({ jobs: [over('a')] }), body(over('b')))
    expect(bench.asked).toEqual([wholeList, 'api/v1/jobs/b'])
    expect(bench.told).toEqual(['take a', 'take b'])
    expect(bench.intake.last('b')?.status).toBe('succeeded')
  })

  it('are forgotten where the gateway does not know them, and left where it cannot say', async () => {
    bench.know({ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' })
    const answers = [failed, missing, body({ job: 'c' }), body(wireJob({ id: 'd', seq: 2 }))]
    await resolve(['a', 'b', 'c', 'd'], page([]), ...answers)
    expect(bench.asked.slice(1)).toEqual(['a', 'b', 'c', 'd'].map((id) => `api/v1/jobs/${id}`))
    expect(bench.told).toEqual(['forget b', 'dropped malformed', 'take d'])
  })

  it('are forgotten unasked where no jobs are served', async () => {
    bench.know({ id: 'a' }, { id: 'b' })
    await resolve(['a', 'b'], missing)
    expect([bench.asked, bench.told]).toEqual([[wholeList], ['forget a', 'forget b']])
  })

  it('are asked for ten at a time', async () => {
    const ids = Array.from({ length: 11 }, (_, at) => `job-${at}`)
    bench.know(...ids.map((id) => ({ id })))
    await resolve(ids, page([]))
    expect(bench.asked.slice(1)).toEqual(ids.slice(0, 10).map((id) => `api/v1/jobs/${id}`))
  })
})
