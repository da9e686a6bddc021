import type { Database, Queryable } from '../database/database.ts'
import type { Change, JobRun, Note } from './job-run.ts'
import { readableFault, type JobError } from './load-error.ts'
import { clearRun, groupsOf, insertBatch, replaceOlderRuns, runIdOf, sumUp } from './load-target.ts'
import { Pace } from './pace.ts'
import type { Recipe, StepLabel } from './recipe.ts'
import { rowDuties, RowWork } from './row-work.ts'
import { openSource, readSource } from './source-file.ts'
import { Translator } from './translator.ts'

/** Batches, and so progress events, that one job makes a second. */
const batchesPerSecond = 3
/** How much faster than loading a source is read and checked. */
const readingFactor = 4

export interface PipelineOptions {
  readonly database: Database
  readonly run: JobRun
  readonly recipe: Recipe
  readonly file: string
  /** Scales the throughput caps of all recipes; 1 is as they say. */
  readonly pace: number
  readonly signal: AbortSignal
}

/** The data are at fault, and the message says where. Anything else that is thrown is our fault. */
export class DataFault extends Error {
  readonly fault: JobError

  constructor(fault: JobError) {
    super(fault.message)
    this.name = 'DataFault'
    this.fault = fault
  }
}

interface Batch {
  readonly from: number
  readonly to: number
  readonly number: number
  readonly of: number
}

/**
 * Takes one file through the steps of its recipe. Progress is rows done and nothing else: every
 * step goes through all rows, and is an equal part of the whole.
 */
export class Pipeline {
  readonly #options: PipelineOptions
  readonly #runId: string
  #work: RowWork | null = null
  #total = 0
  #step = { index: 1, total: 1, label: '' }

  constructor(options: PipelineOptions) {
    this.#options = options
    this.#runId = runIdOf(options.recipe, options.run.job.id)
  }

  /** Resolves to the closing sentence. @throws DataFault, Superseded, AbortError */
  async go(): Promise<string> {
    const { recipe, run } = this.#options
    await run.load({}, (inside) => this.undo(inside))
    for (const [at, label] of recipe.steps.entries()) {
      this.#step = { index: at + 1, total: recipe.steps.length, label }
      await this.#perform(label)
    }
    return `Finished, ${counted(this.#total, recipe.unit)} loaded`
  }

  /** A run that ends well takes the place of the ones before it. */
  async replaceOlder(inside: Queryable): Promise<Note | undefined> {
    const { recipe } = this.#options
    const replaced = await replaceOlderRuns(inside, recipe, this.#runId)
    if (replaced === 0) return undefined
    return { text: `${counted(replaced, recipe.unit)} of the run before replaced`, kind: 'log' }
  }

  /** Takes back what this job had loaded. Only inside a transaction that holds the job. */
  async undo(inside: Queryable): Promise<undefined> {
    await clearRun(inside, this.#options.recipe.target, this.#runId)
  }

  async #perform(label: StepLabel): Promise<void> {
    const { run, recipe, file } = this.#options
    this.#work ??= await this.#open()
    await run.report({
      step: this.#step,
      counters: { done: 0, total: this.#total, unit: recipe.unit },
      message: `${label} started`,
      note: { text: `${label} started` },
    })
    if (label === 'Load') await this.#load(this.#work)
    else if (label === 'Aggregate') await this.#aggregate()
    else if (label !== 'Connect') await this.#rowByRow(label, this.#work)
    const what = label === 'Connect' ? `Connected to ${file}` : `${label} finished`
    const text = `${what}, ${counted(this.#total, recipe.unit)}`
    await run.report({ ...this.#at(this.#total), message: text, note: { text, level: 'success' } })
  }

  async #open(): Promise<RowWork> {
    const { recipe, file } = this.#options
    const source = await openSource(file)
    this.#total = source.rowCount
    const phrases = recipe.glossary === undefined ? null : await readSource(recipe.glossary)
    const pairs = phrases?.map(({ values }) => [values.source ?? '', values.target ?? ''])
    const translator = pairs === undefined ? null : new Translator(pairs as [string, string][])
    return new RowWork(recipe, source, translator)
  }

  async #rowByRow(label: StepLabel, work: RowWork): Promise<void> {
    const { run, recipe } = this.#options
    const duties = rowDuties(recipe, label)
    const rate = recipe.rowsPerSecond * (label === 'Translate' ? 1 : readingFactor)
    await this.#inBatches(rate, async ({ from, to }) => {
      for (let at = from; at < to; at += 1) work.do(duties, at)
      await run.report(this.#at(to))
    })
    if (!duties.transforms || work.remarked === 0 || recipe.remark === undefined) return
    const text = `${counted(work.remarked, recipe.unit)} ${recipe.remark.text}`
    await run.report({ note: { text, level: 'warning', kind: 'log' } })
  }

  async #load(work: RowWork): Promise<void> {
    const { run, recipe } = this.#options
    const done = recipe.target.merge === undefined ? 'loaded' : 'merged'
    await this.#inBatches(recipe.rowsPerSecond, async ({ from, to, number, of }) => {
      const text = `batch ${grouped(number)} of ${grouped(of)} ${done}`
      const change: Change = { ...this.#at(to), message: text, note: { text, kind: 'log' } }
      const rows = work.rows.slice(from, to)
      await run.load(change, (inside: Queryable) =>
        insertBatch(inside, { target: recipe.target, runId: this.#runId, rows }),
      )
    })
  }

  async #aggregate(): Promise<void> {
    const { database, run, recipe, pace, signal } = this.#options
    const cap = new Pace(recipe.rowsPerSecond * readingFactor * pace)
    let done = 0
    for (const key of await groupsOf(database, recipe.target, this.#runId)) {
      // Inside, since a run that was cancelled must leave no sums either.
      const rows = await run.load({}, (inside) =>
        sumUp(inside, recipe, { runId: this.#runId, key }),
      )
      done += rows
      const text = `${key}: ${counted(rows, recipe.unit)} summed up`
      await run.report({ ...this.#at(done), message: text, note: { text, kind: 'log' } })
      await cap.take(rows, signal)
    }
  }

  async #inBatches(rowsPerSecond: number, work: (batch: Batch) => Promise<void>): Promise<void> {
    const { pace, signal, recipe } = this.#options
    const size = Math.max(1, Math.ceil(rowsPerSecond / batchesPerSecond))
    const of = Math.ceil(this.#total / size)
    const cap = new Pace(rowsPerSecond * pace)
    for (let number = 1; number <= of; number += 1) {
      const from = (number - 1) * size
      const to = Math.min(this.#total, from + size)
      // The rate limit stands before the work: what is asked for has to be waited for.
      await cap.take(to - from, signal)
      try {
        await work({ from, to, number, of })
      } catch (error) {
        const fault = readableFault(error, `${recipe.unit} ${grouped(from + 1)} to ${grouped(to)}`)
        throw fault === null ? error : new DataFault(fault)
      }
    }
  }

  #at(done: number): Change {
    const { index, total } = this.#step
    const share = this.#total === 0 ? 1 : Math.min(1, done / this.#total)
    return {
      progress: Math.round(((index - 1 + share) / total) * 10_000) / 100,
      counters: { done, total: this.#total, unit: this.#options.recipe.unit },
    }
  }
}

const grouped = (n: number): string => n.toLocaleString('en-GB')
const counted = (n: number, unit: string): string =>
  `${grouped(n)} ${n === 1 ? unit.replace(/s$/, '') : unit}`
