import { setTimeout as pause } from 'node:timers/promises'
import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import { handBack, type ClaimedJob } from './job-queue.ts'
import { JobRun, Superseded } from './job-run.ts'
import { DataFault, Pipeline } from './pipeline.ts'
import { recipeFor } from './recipes.ts'

const retryMs = 1_000

export interface AttemptOptions {
  readonly database: Database
  readonly log: Log
  readonly worker: string
  /** Scales the throughput caps of all recipes. */
  readonly pace: number
  /** Aborted when the worker stops: the batch in hand is finished, the job handed back. */
  readonly signal: AbortSignal
}

/** One attempt at a job that was claimed, with every way it can end. Never rejects. */
export async function attempt(job: ClaimedJob, options: AttemptOptions): Promise<void> {
  const { database, log, worker, signal } = options
  try {
    await perform(new JobRun(database, job, worker), options)
  } catch (error) {
    if (error instanceof Superseded) {
      log.info('a job was cancelled, or taken back from this worker', { job: job.id })
      return
    }
    // Not the job's fault, and not said on the wire: the job waits for another attempt.
    if (!signal.aborted) log.error('a job could not be run', { job: job.id, why: String(error) })
    await giveBack(job.id, options)
  }
}

/**
 * Tries until it is done: nobody would ever take a job back from a worker that lives. One that
 * stops tries once more; its job is found without an owner then.
 */
async function giveBack(jobId: string, options: AttemptOptions): Promise<void> {
  const { database, log, worker, signal } = options
  for (;;) {
    const isStopping = signal.aborted
    try {
      await handBack(database, jobId, { worker, isStopping })
      return
    } catch (error) {
      log.error('a job could not be handed back', { job: jobId, why: String(error) })
    }
    if (isStopping) return
    await pause(retryMs, undefined, { signal }).catch(() => undefined)
  }
}

async function perform(run: JobRun, { database, pace, signal }: AttemptOptions): Promise<void> {
  const task = recipeFor(run.job)
  if (task === null) {
    await run.fail({ code: 'recipe_unknown', message: 'no recipe for this job is known here' })
    return
  }
  const pipeline = new Pipeline({ database, run, ...task, pace, signal })
  try {
    const message = await pipeline.go()
    await run.succeed(message, (inside) => pipeline.replaceOlder(inside))
  } catch (error) {
    if (!(error instanceof DataFault)) throw error
    await run.fail(error.fault, (inside) => pipeline.undo(inside))
  }
}
