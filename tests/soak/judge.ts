import type { JobRow, WireJob } from '../../src/shared/job.ts'
import type { WorkspaceView } from '../../src/shared/workspace.ts'
import type { Watched } from './soak-console.ts'

const isOver = ({ status }: { readonly status: string }): boolean =>
  status !== 'running' && status !== 'queued'

/** What is not as the server has it; empty when every workspace is right and says that it is live. */
export function differences(
  server: readonly WireJob[],
  watched: readonly Watched[],
  views: readonly WorkspaceView[],
): string[] {
  return watched.flatMap(({ workspaceId, profileId, rows }) => {
    const view = views.find(({ id }) => id === workspaceId)
    const kind = view?.connection.kind ?? 'none'
    const light = kind === 'live' ? [] : [`${profileId}: ${kind}, ${sourcesOf(view)}`]
    return [...light, ...ofRows(server, rows).map((text) => `${profileId}: ${text}`)]
  })
}

function ofRows(server: readonly WireJob[], rows: ReadonlyMap<string, JobRow>): string[] {
  const byId = new Map([...rows.values()].map((row) => [row.id, row]))
  const known = new Set(server.map(({ id }) => id))
  const wrong = server.flatMap((job) => {
    const row = byId.get(job.id)
    return row === undefined ? [`${job.id} is missing`] : ofOne(job, row)
  })
  // Ends older than what the server was asked for may stay.
  const invented = [...byId.values()].filter((row) => !isOver(row) && !known.has(row.id))
  return [...wrong, ...invented.map(({ id }) => `${id} is not at the server`)]
}

function ofOne(job: WireJob, row: JobRow): string[] {
  const has = { attempt: row.attempt, seq: row.seq, status: row.status, progress: row.progress }
  const should = {
    attempt: job.attempt,
    seq: job.seq,
    status: job.status,
    progress: job.progress,
  }
  const same = JSON.stringify(has) === JSON.stringify(should)
  const stale = row.remembered ? [`${job.id} is only remembered`] : []
  return same ? stale : [`${job.id} is ${JSON.stringify(has)} instead of ${JSON.stringify(should)}`]
}

const sourcesOf = (view: WorkspaceView | undefined): string =>
  (view?.sources ?? [])
    .map(({ kind, state, reason }) => `${kind} ${state}${reason === null ? '' : ` (${reason})`}`)
    .join(', ')
