import type { Job } from '../../shared/job.ts'
import type { JobKey } from './job-store.ts'

interface Named {
  readonly key: JobKey
  readonly family: string
  readonly job: Job
}

/**
 * What is stored of each job, found by its key or by the names that an event carries: building a
 * key for every event would cost more than all else that is done with it.
 */
export class JobIndex<Stored extends Named> {
  readonly #byKey = new Map<JobKey, Stored>()
  readonly #families = new Map<string, Map<string, Map<string, Stored>>>()

  get size(): number {
    return this.#byKey.size
  }

  get(key: JobKey): Stored | undefined {
    return this.#byKey.get(key)
  }

  find(family: string, tenantId: string, id: string): Stored | undefined {
    return this.#families.get(family)?.get(tenantId)?.get(id)
  }

  /** In order of appearance. What is removed meanwhile does not come up. */
  keys(): Iterable<JobKey> {
    return this.#byKey.keys()
  }

  values(): Iterable<Stored> {
    return this.#byKey.values()
  }

  add(stored: Stored): void {
    const { key, family, job } = stored
    this.#byKey.set(key, stored)
    const tenants = at(this.#families, family)
    at(tenants, job.tenantId).set(job.id, stored)
  }

  remove({ key, family, job }: Stored): void {
    this.#byKey.delete(key)
    const tenants = this.#families.get(family)
    const jobs = tenants?.get(job.tenantId)
    jobs?.delete(job.id)
    if (jobs?.size === 0) tenants?.delete(job.tenantId)
  }

  clear(): void {
    this.#byKey.clear()
    this.#families.clear()
  }
}

function at<Value>(maps: Map<string, Map<string, Value>>, name: string): Map<string, Value> {
  const known = maps.get(name)
  if (known !== undefined) return known
  const made = new Map<string, Value>()
  maps.set(name, made)
  return made
}
