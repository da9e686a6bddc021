import { freightRecipes } from './freight-recipes.ts'
import { healthRecipes } from './health-recipes.ts'
import type { Recipe } from './recipe.ts'

export const recipes: readonly Recipe[] = [...freightRecipes, ...healthRecipes]

export function recipeByKey(key: string): Recipe | null {
  return recipes.find((recipe) => recipe.key === key) ?? null
}
