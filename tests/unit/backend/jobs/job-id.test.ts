import { expect, it } from 'vitest'
import { newJobId } from '../../../../src/backend/jobs/job-id.ts'
import { jobIdPattern } from '../../../../src/shared/job.ts'

it('makes ids that may stand in a path, are never the same, and sort by time', () => {
  const ids = Array.from({ length: 2_000 }, (_, n) => newJobId(1_800_000_000_000 + n * 5))
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(jobIdPattern)
  expect(ids).toEqual([...ids].sort())
})
