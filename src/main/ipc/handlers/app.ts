import { succeeded } from '../../../shared/failure.ts'
import type { Handlers } from '../serve.ts'
import type { Rooms } from './rooms.ts'

export function appHandlers({ about }: Rooms): Pick<Handlers, 'app:describe'> {
  return { 'app:describe': () => succeeded(about) }
}
