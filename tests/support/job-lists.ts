import type { HttpFetch } from '../../src/main/ports.ts'
import type { WireJob } from '../../src/shared/job.ts'

/** A gateway that has these jobs: as active ones, on its list, and each by itself. */
export class JobLists {
  active: WireJob[] = []
  all: WireJob[] = []
  /** Paths that were asked for, with their query. */
  readonly asked: string[] = []
  /** What a request is answered instead. */
  trouble: (pathname: string) => Response | Promise<Response> | undefined = () => undefined
  /** Runs before the list is given out as it was when it was asked for. */
  meanwhile: () => void = () => undefined

  constructor(...all: readonly WireJob[]) {
    this.all = [...all]
    this.active = all.filter(({ status }) => status === 'running')
  }

  readonly fetch: HttpFetch = async (input) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input)
    this.asked.push(`${pathname}${search}`)
    const trouble = this.trouble(pathname)
    if (trouble !== undefined) return trouble
    if (pathname.endsWith('/status')) return Response.json({ active_jobs: this.active })
    const id = /\/jobs\/(.+)$/.exec(pathname)?.[1]
    if (id !== undefined) {
      const job = this.all.find((one) => one.id === id)
      return job === undefined ? new Response('{}', { status: 404 }) : Response.json(job)
    }
    const body = { jobs: this.all, next_cursor: null, epoch: 'e', offset: 0 }
    this.meanwhile()
    return Response.json(body)
  }
}
