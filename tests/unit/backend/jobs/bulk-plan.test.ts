import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bulkJob, planLoad } from '../../../../src/backend/jobs/bulk-plan.ts'

describe('a load', () => {
  it('is spread so that a console can watch what is active, and no job makes too much noise', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20_000 }),
        fc.integer({ min: 1, max: 2_000 }),
        (jobs, rate) => {
          const { running, waiting, finished } = planLoad({ jobs, rate })
          expect(running + waiting + finished).toBe(jobs)
          expect(Math.min(running, waiting + 1, finished + 1)).toBeGreaterThan(0)
          expect(running + waiting).toBeLessThanOrEqual(900)
          if (running < Math.min(jobs, 900)) expect(rate / running).toBeLessThanOrEqual(4)
        },
      ),
    )
  })

  it('takes tenants in turn', () => {
    const jobs = [0, 1, 2, 3].map(bulkJob)
    expect(jobs.map((job) => job.name)).toEqual([
      'Warehouse scans 0001',
      'Device readings 0001',
      'Warehouse scans 0002',
      'Device readings 0002',
    ])
    expect(new Set(jobs.map((job) => job.tenantId)).size).toBe(2)
  })
})
