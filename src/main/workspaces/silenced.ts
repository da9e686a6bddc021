import type { Scope } from '../lib/scope.ts'
import type { JobSink } from '../sources/source.ts'

/** The same sink until the scope closes: from then on it takes nothing. */
export function silenced(sink: JobSink, scope: Scope): JobSink {
  const silent = (): boolean => scope.closed
  return {
    take: (job) => silent() || sink.take(job),
    takeAll: (jobs, anew) => silent() || sink.takeAll(jobs, anew),
    doubt: (jobId) => silent() || sink.doubt(jobId),
    confirm: () => silent() || sink.confirm(),
    forget: (jobId) => silent() || sink.forget(jobId),
    dropped: (why) => silent() || sink.dropped(why),
    heard: () => silent() || sink.heard(),
  }
}
