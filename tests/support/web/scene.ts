/** What the harness shows, from the address: `?scene=desk&jobs=2000&rate=500&theme=light`. */
const scenes = [
  'sign-in',
  'no-profiles',
  'desk',
  'opening',
  'connecting',
  'reconnecting',
  'offline',
  'refused',
  'empty',
  'memory',
  'locked',
  'unconfirmed',
  'ended',
] as const

export interface Scene {
  readonly name: (typeof scenes)[number]
  readonly jobs: number
  /** Job updates a second. */
  readonly rate: number
  /** How signing in answers: a failure code, or "ok", or "never". */
  readonly signIn: string
  /** What the sign-out receipt says of the server. */
  readonly server: 'revoked' | 'not-reached'
  /** Several workspaces in the rail. */
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
    signIn: query.get('sign-in') ?? 'ok',
    server: query.get('server') === 'not-reached' ? 'not-reached' : 'revoked',
    several: query.has('several'),
  }
}
