import type { JobRow } from '../../../src/shared/job.ts'

/** What the harness shows, from the address: `?scene=desk&jobs=2000&rate=500&theme=light`. */
const scenes = [
  'sign-in',
  'no-profiles',
  'desk',
  'opening',
  'connecting',
  /** Started without a network: rows of yesterday, from the disk. */
  'restored',
  'reconnecting',
  'offline',
  'partial',
  'refused',
  /** Realtime is down and the table is asked instead. */
  'polling',
  /** One of the sources was refused for good. */
  'stopped',
  /** An interruption has just been closed, without loss. */
  'recovered',
  /** The same, but what was missed cannot be known. */
  'gap-unknown',
  /** What was kept on this computer was dropped. */
  'note',
  'empty',
  'memory',
  'locked',
  'unconfirmed',
  'ended',
  /** Two other workspaces end while one is shown; with `several`. */
  'ended-elsewhere',
] as const
export type SceneName = (typeof scenes)[number]

export interface Scene {
  readonly name: SceneName
  readonly jobs: number
  /** Job updates a second. */
  readonly rate: number
  /** How many of the five sources the profile names. */
  readonly sources: number
  /** How signing in answers: a failure code, or "ok", or "never". */
  readonly signIn: string
  /** What the sign-out receipt says of the server. */
  readonly server: 'revoked' | 'not-reached'
  /** Several workspaces in the rail, each standing differently. */
  readonly several: boolean
}

export function readScene(query: URLSearchParams): Scene {
  const number = (name: string, usual: number): number => {
    const found = Number(query.get(name) ?? usual)
    return Number.isFinite(found) ? found : usual
  }
  return {
    name: scenes.find((name) => name === query.get('scene')) ?? 'desk',
    jobs: number('jobs', 14),
    rate: number('rate', 40),
    sources: number('sources', 1),
    signIn: query.get('sign-in') ?? 'ok',
    server: query.get('server') === 'not-reached' ? 'not-reached' : 'revoked',
    several: query.has('several'),
  }
}

/** Scenes in which nothing is heard: every row is remembered. */
export const isDown = (name: SceneName): boolean =>
  ['restored', 'offline', 'reconnecting', 'refused'].includes(name)

/** Without a connection every row is remembered; where one source is lost, those it told of. */
export function toldIn(name: SceneName, row: JobRow): JobRow {
  if (!isDown(name) && (name !== 'partial' || row.tenantId !== '9')) return row
  const ageMs = name === 'restored' ? 86_400_000 : name === 'partial' ? 12_000 : 360_000
  const unfinished = row.status === 'running' || row.status === 'queued'
  const heardAtMs = unfinished ? Date.now() - ageMs : row.heardAtMs - ageMs
  return { ...row, remembered: true, heardAtMs }
}
