import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { recipes } from '../../../../src/backend/jobs/recipes.ts'
import { rowDuties } from '../../../../src/backend/jobs/row-work.ts'
import { openSource, sampleDataDir } from '../../../../src/backend/jobs/source-file.ts'

describe('the recipes', () => {
  it.each(recipes)('$key: every duty falls to exactly one step', (recipe) => {
    const duties = recipe.steps.map((label) => rowDuties(recipe, label))
    for (const duty of ['reads', 'parses', 'transforms'] as const) {
      expect(duties.filter((one) => one[duty])).toHaveLength(1)
    }
    const order = ['reads', 'parses', 'transforms'] as const
    const steps = order.map((duty) => duties.findIndex((one) => one[duty]))
    expect(steps).toEqual([...steps].sort((a, b) => a - b))
  })

  it.each(recipes)('$key: takes between 10 and 100 seconds at its own pace', async (recipe) => {
    expect(recipe.steps.length).toBeGreaterThanOrEqual(2)
    expect(recipe.steps.length).toBeLessThanOrEqual(5)
    for (const file of recipe.files) {
      const { rowCount } = await openSource(file)
      const seconds = recipe.steps.map((label) => {
        if (label === 'Connect') return 0
        const slow = label === 'Load' || label === 'Translate'
        return rowCount / (recipe.rowsPerSecond * (slow ? 1 : 4))
      })
      const total = seconds.reduce((sum, one) => sum + one, 0)
      expect(total).toBeGreaterThan(10)
      expect(total).toBeLessThan(100)
    }
  })

  it('have names and keys of their own, and enough of them to fill a tenant’s slots', () => {
    expect(new Set(recipes.map((recipe) => recipe.key)).size).toBe(recipes.length)
    expect(new Set(recipes.map((recipe) => recipe.name)).size).toBe(recipes.length)
    for (const tenantId of new Set(recipes.map((recipe) => recipe.tenantId))) {
      expect(recipes.filter((recipe) => recipe.tenantId === tenantId).length).toBeGreaterThan(7)
    }
  })

  it('come with less than 2 MB of data', async () => {
    const files = new Set(recipes.flatMap((recipe) => recipe.files))
    const sizes = await Promise.all([...files].map((file) => stat(join(sampleDataDir, file))))
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(2_000_000)
  })
})
