import type { WorkspaceView } from '../../shared/workspace.ts'
import { plural } from '../ui/format.ts'
import type { LightShape, LightTone } from '../ui/light.tsx'
import { lampWords } from './lamp-words.ts'

/** Two letters: of the first two words, or the first two of one. */
export function initials(name: string): string {
  const [first = '', second = ''] = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  return (second === '' ? first.slice(0, 2) : first.slice(0, 1) + second.slice(0, 1)).toUpperCase()
}

export interface RailWords {
  readonly tone: LightTone
  readonly shape: LightShape
  /** "Northwind, production, partly live, 2 failed jobs". */
  readonly about: string
}

/** A workspace in the rail: its lamp, and everything about it in one line. */
export function railWords(workspace: WorkspaceView, failed: number, nowMs: number): RailWords {
  const { tone, shape, word } = standing(workspace, nowMs)
  const failures = failed > 0 ? [plural(failed, 'failed job')] : []
  const about = [workspace.profileName, workspace.mark, word, ...failures].join(', ')
  return { tone, shape, about }
}

function standing({ session, connection }: WorkspaceView, nowMs: number) {
  if (session.kind === 'restoring') {
    return { tone: 'move', shape: 'dashed', word: 'restoring the session' } as const
  }
  if (session.kind === 'keychain-locked') {
    return { tone: 'caution', shape: 'dashed', word: 'keychain locked' } as const
  }
  return lampWords(connection, nowMs)
}

/** The workspace that Ctrl or Cmd with this key means, counted from the top of the rail; else null. */
export function placeOf(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey'>,
): number | null {
  if (event.altKey || event.ctrlKey === event.metaKey) return null
  return /^[1-9]$/.test(event.key) ? Number(event.key) - 1 : null
}
