import { Scope } from '../../src/main/lib/scope.ts'
import { Catalogue } from '../../src/main/sources/catalogue.ts'
import type { Active } from '../../src/main/sources/catalogue.ts'
import { retry } from '../../src/main/sources/close-codes.ts'
import type { GatewayAnswer, GatewayHttp } from '../../src/main/sources/gateway-http.ts'
import { Intake } from '../../src/main/sources/intake.ts'
import type { Job } from '../../src/shared/job.ts'
import { FakeClock } from './fake-clock.ts'
import { wireJob } from './wire-jobs.ts'

export const body = (said: unknown): GatewayAnswer => ({ kind: 'body', body: said })
/** A page of the list of jobs that names these, all of them running. */
export const page = (ids: readonly string[], more: object = {}): GatewayAnswer =>
  body({ jobs: ids.map((id) => wireJob({ id })), ...more })
export const missing: GatewayAnswer = { kind: 'missing' }
export const failed: GatewayAnswer = { kind: 'failed', verdict: retry('server_error') }
export const stopped: GatewayAnswer = {
  kind: 'failed',
  verdict: { kind: 'stop', reason: 'forbidden', reach: 'source' },
}

const names = (jobs: readonly Job[]): string => jobs.map(({ id }) => id).join(' ')

/** The catalogue of a gateway without any HTTP: it owns what was asked and what the sink was told. */
export class CatalogueBench {
  readonly clock = new FakeClock()
  readonly scope = new Scope('test')
  /** Given to the next requests, one each; then nothing is served any more. */
  readonly answers: GatewayAnswer[] = []
  readonly asked: string[] = []
  /** What the sink was told, in words. */
  readonly told: string[] = []
  readonly opened: string[] = []
  /** Runs after a request came, before it is answered. */
  onAsked: (path: string) => void = () => undefined
  readonly intake: Intake
  readonly catalogue: Catalogue

  constructor() {
    const sink = {
      take: ({ id }: Job) => this.told.push(`take ${id}`),
      takeAll: (jobs: readonly Job[], anew?: string) =>
        this.told.push(`all ${names(jobs)}${anew === undefined ? '' : ` anew ${anew}`}`),
      doubt: () => undefined,
      confirm: () => undefined,
      forget: (id: string) => this.told.push(`forget ${id}`),
      heard: () => undefined,
      dropped: (why: string) => this.told.push(`dropped ${why}`),
    }
    this.intake = new Intake({
      sink,
      clock: this.clock,
      tenantIds: ['acme'],
      onTrespass: () => undefined,
      onGap: () => undefined,
    })
    this.catalogue = new Catalogue(this.intake, sink, (id) => this.opened.push(id))
  }

  readonly ask: GatewayHttp = (path) => {
    this.asked.push(path)
    this.onAsked(path)
    return Promise.resolve(this.answers.shift() ?? missing)
  }

  /** What discovery listed: jobs by their ids, running. */
  active(...ids: readonly string[]): Active {
    const jobs = ids.map((id) => wireJob({ id }))
    return this.catalogue.readActive({ active_jobs: jobs }) ?? new Map()
  }

  /** A round in which discovery listed these; it is forgotten what was asked and told before. */
  round(
    active: Active,
    whole: boolean,
    ...answers: readonly GatewayAnswer[]
  ): Promise<GatewayAnswer | null> {
    this.asked.length = 0
    this.told.length = 0
    this.answers.push(...answers)
    return this.catalogue.take(active, { ask: this.ask, whole })
  }

  /** Known from now on, as a stream tells it; returns what is known. */
  know(...jobs: readonly Parameters<typeof wireJob>[0][]): Job[] {
    const known = jobs.map((changes) => this.intake.readListed(wireJob(changes)))
    return known.filter((job) => job !== null)
  }
}
