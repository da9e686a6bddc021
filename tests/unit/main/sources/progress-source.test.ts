import { afterEach, describe, expect, it } from 'vitest'
import type { HttpFetch } from '../../../../src/main/ports.ts'
import type { WireJob } from '../../../../src/shared/job.ts'
import { settleAll } from '../../../support/fake-clock.ts'
import { FakeSockets } from '../../../support/fake-socket.ts'
import { SourceBench } from '../../../support/source-bench.ts'
import { wireJob } from '../../../support/wire-jobs.ts'

let bench: SourceBench
const sockets = new FakeSockets()

/** A gateway that has these jobs: as active ones, on its list, and each by itself. */
class Lists {
  active: WireJob[] = []
  all: WireJob[] = []
  /** Runs before the list is given out as it was when it was asked for. */
  meanwhile: () => void = () => undefined

  readonly fetch: HttpFetch = async (input) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
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

const open = (lists: Lists): void => {
  bench = new SourceBench({
    gatewayUrl: 'http://127.0.0.1:1',
    sockets: sockets.open,
    fetch: lists.fetch,
  })
}
const shown = (): string[] => bench.rows.map(({ id }) => id).sort()

afterEach(async () => {
  await bench.scope.close('test over')
  expect([bench.clock.armed, sockets.live]).toEqual([0, 0])
})

describe('the progress source', () => {
  it('does not put back a job that was withdrawn while the list was read', async () => {
    const lists = new Lists()
    lists.active = [wireJob({ id: 'a' }), wireJob({ id: 'b' })]
    lists.all = [wireJob({ id: 'a' })]
    lists.meanwhile = () => {
      for (const socket of sockets.to('/b')) {
        socket.accept()
        socket.end({ code: 4404, reason: 'job_unknown' })
      }
    }
    open(lists)
    await settleAll()
    lists.active = lists.all
    await bench.clock.advance(10_000, settleAll)
    expect(shown()).toEqual(['a'])
  })

  it('looks for a job that was only ever on the whole list, and forgets it when it is gone', async () => {
    const lists = new Lists()
    lists.active = [wireJob({ id: 'a' })]
    lists.all = [wireJob({ id: 'a' }), wireJob({ id: 'brief' })]
    lists.meanwhile = () => {
      lists.all = lists.active
    }
    open(lists)
    await settleAll()
    await bench.clock.advance(10_000, settleAll)
    expect(shown()).toEqual(['a'])
  })
})
