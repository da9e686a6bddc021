import { freightRecipes } from './freight-recipes.ts'
import { healthRecipes } from './health-recipes.ts'
import type { Recipe } from './recipe.ts'

export const recipes: readonly Recipe[] = [...freightRecipes, ...healthRecipes]

/** What a job is about: its recipe and which of its files. */
export interface Task {
  readonly recipe: Recipe
  readonly file: string
}

interface Asked {
  readonly tenantId: string
  readonly input: Readonly<Record<string, unknown>>
}

/**
 * A sample job names recipe and file; a translation names document and languages. Null when no
 * recipe of the tenant fits.
 */
export function recipeFor({ tenantId, input }: Asked): Task | null {
  const fits = (recipe: Recipe): boolean =>
    typeof input.document === 'string'
      ? recipe.glossary === glossaryOf(input) && recipe.files.includes(input.document)
      : recipe.key === input.recipe
  const recipe = recipes.find((one) => one.tenantId === tenantId && fits(one))
  if (recipe === undefined) return null
  const named = input.document ?? input.file
  return { recipe, file: recipe.files.find((name) => name === named) ?? recipe.files[0] }
}

function glossaryOf({ source_language: from, target_language: to }: Asked['input']): string {
  return `glossary-${String(from)}-${String(to)}.csv`
}

/** Of a recipe that translates; null for any other. */
export function languagesOf({ glossary = '' }: Recipe): { from: string; to: string } | null {
  const [, from, to] = /^glossary-([a-z]{2})-([a-z]{2})\.csv$/.exec(glossary) ?? []
  return from === undefined || to === undefined ? null : { from, to }
}
