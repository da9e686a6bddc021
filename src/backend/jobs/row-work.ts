import { parseRow, type Row, type SourceRow } from './fields.ts'
import type { Recipe, StepLabel } from './recipe.ts'
import type { SourceFile } from './source-file.ts'
import type { Translator } from './translator.ts'

/** What is done to each row in a step. */
export interface RowDuties {
  readonly reads: boolean
  readonly parses: boolean
  readonly transforms: boolean
}

/** Every duty falls to exactly one step: its own where the recipe has it, else the one before. */
export function rowDuties({ steps }: Pick<Recipe, 'steps'>, label: StepLabel): RowDuties {
  const reads = label === (steps.includes('Extract') ? 'Extract' : 'Translate')
  const parses = steps.includes('Validate') ? label === 'Validate' : reads
  const own = steps.find((step) => step === 'Transform' || step === 'Translate')
  return { reads, parses, transforms: own === undefined ? parses : label === own }
}

/** The rows of one run on their way through the steps. */
export class RowWork {
  readonly rows: Row[] = []
  readonly #raw: SourceRow[] = []
  readonly #recipe: Recipe
  readonly #source: SourceFile
  readonly #translator: Translator | null
  #remarked = 0

  constructor(recipe: Recipe, source: SourceFile, translator: Translator | null) {
    this.#recipe = recipe
    this.#source = source
    this.#translator = translator
  }

  /** @throws RowError */
  do(duties: RowDuties, index: number): void {
    if (duties.reads) this.#raw[index] = this.#source.row(index)
    const raw = this.#raw[index]
    if (duties.parses && raw !== undefined) this.rows[index] = parseRow(raw, this.#recipe.fields)
    const row = this.rows[index]
    if (!duties.transforms || row === undefined) return
    const { transform, remark } = this.#recipe
    const made = transform?.(row, { translator: this.#translator }) ?? row
    this.rows[index] = made
    if (remark?.when(made) === true) this.#remarked += 1
  }

  /** Rows that were kept though something is odd about them. */
  get remarked(): number {
    return this.#remarked
  }
}
