import type { SourceView } from '../../shared/workspace.ts'
import { wordsFor } from '../diagnostics/wording.ts'
import { formatWait, formatWhole } from '../ui/format.ts'

const names = {
  progress: 'Progress sockets',
  stream: 'Tenant stream',
  socketio: 'Socket.IO',
  realtime: 'Realtime',
  polling: 'Polling',
} satisfies Record<SourceView['kind'], string>

export interface SourceWords {
  readonly tone: 'clear' | 'caution' | 'danger' | 'move' | 'idle'
  readonly text: string
}

/** One source of the foot line in words: "Progress sockets 14", "Socket.IO retry in 3 s". */
export function sourceWords(source: SourceView, nowMs: number): SourceWords {
  const name = names[source.kind]
  switch (source.state) {
    case 'live': {
      const counted = source.kind === 'progress'
      return { tone: 'clear', text: counted ? `${name} ${formatWhole(source.sockets)}` : name }
    }
    case 'polling':
      return { tone: 'caution', text: `${name} down, asking every 5 s` }
    case 'connecting':
      return { tone: 'move', text: `${name} connecting` }
    case 'reconnecting': {
      const waitMs = (source.nextTryAtMs ?? 0) - nowMs
      return {
        tone: 'caution',
        text: waitMs > 0 ? `${name} retry in ${formatWait(waitMs)}` : `${name} retry now`,
      }
    }
    case 'stopped': {
      const why = source.reason === null ? '' : `: ${wordsFor(source.reason).reason}`
      return { tone: 'danger', text: `${name} stopped${why}` }
    }
    case 'idle':
      return { tone: 'idle', text: `${name} idle` }
    default:
      return source.state satisfies never
  }
}
