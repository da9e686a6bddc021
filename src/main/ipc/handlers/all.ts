import type { Handlers } from '../serve.ts'
import { appHandlers } from './app.ts'
import { connectionHandlers } from './connection.ts'
import { jobsHandlers } from './jobs.ts'
import { profilesHandlers } from './profiles.ts'
import type { Rooms } from './rooms.ts'
import { sessionHandlers } from './session.ts'
import { windowHandlers } from './window.ts'

/** Every call of the contract, room by room; a forgotten channel does not compile. */
export function createHandlers(rooms: Rooms): Handlers {
  return {
    ...appHandlers(rooms),
    ...profilesHandlers(rooms),
    ...sessionHandlers(rooms),
    ...connectionHandlers(rooms),
    ...jobsHandlers(rooms),
    ...windowHandlers(rooms),
  }
}
