import { settleAll } from './fake-clock.ts'
import { FakeSockets } from './fake-socket.ts'
import type { JobLists } from './job-lists.ts'
import { SourceBench } from './source-bench.ts'

/** A progress source over lists without HTTP and sockets that the test plays the server of. */
export class ProgressBench extends SourceBench {
  readonly sockets: FakeSockets

  constructor(lists: JobLists) {
    const sockets = new FakeSockets()
    super({ gatewayUrl: 'http://127.0.0.1:1', sockets: sockets.open, fetch: lists.fetch })
    this.sockets = sockets
  }

  seconds(count: number): Promise<void> {
    return this.clock.advance(count * 1_000, settleAll)
  }

  /** The server takes every dial under way. */
  accept(): void {
    for (const socket of this.sockets.all) socket.accept()
  }

  /** Ends it all; answers the timers and sockets that are left. */
  async close(): Promise<readonly [timers: number, sockets: number]> {
    await this.scope.close('test over')
    return [this.clock.armed, this.sockets.live]
  }
}
