import type { SourceKind } from '../../shared/profile.ts'

export interface SourceChoice {
  readonly kind: SourceKind
  readonly name: string
  /** In one line: how it works, and when to choose it. */
  readonly text: string
}

const choices = {
  progress: {
    name: 'Progress sockets',
    text: 'One socket for every running job. Every gateway has them.',
  },
  stream: {
    name: 'Tenant stream',
    text: 'One socket for all jobs; what was missed is told again.',
  },
  socketio: {
    name: 'Socket.IO',
    text: 'After the session bridge of the gateway, by its cookies.',
  },
  realtime: {
    name: 'Realtime',
    text: 'Changes of a table; asks every 5 s while it is down.',
  },
  polling: {
    name: 'Polling alone',
    text: 'Asks the table every 5 s, where Realtime is off.',
  },
} satisfies Record<SourceKind, Omit<SourceChoice, 'kind'>>

export const sourceChoices: readonly SourceChoice[] = (Object.keys(choices) as SourceKind[]).map(
  (kind) => ({ kind, ...choices[kind] }),
)

export const nameOfSource = (kind: SourceKind): string => choices[kind].name

/** These read a table, and have to know what its columns mean. */
export const readsTable = (sources: readonly SourceKind[]): boolean =>
  sources.includes('realtime') || sources.includes('polling')

/** What is wrong with a choice, and what to do; undefined when nothing is. */
export function sourcesError(sources: readonly SourceKind[]): string | undefined {
  if (sources.length === 0) {
    return 'Without a source no job can be seen. Choose at least one; progress sockets work with every gateway.'
  }
  return sources.includes('realtime') && sources.includes('polling')
    ? 'Realtime asks the table by itself while it is down, so only one of the two is needed. Leave out Realtime or Polling alone.'
    : undefined
}
