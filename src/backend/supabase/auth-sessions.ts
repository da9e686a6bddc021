import type { Database } from '../database/database.ts'
import type { Log } from '../log.ts'
import type { Sessions } from '../tokens/sessions.ts'

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * The embedded auth server's sessions. An end is heard from the database itself (a trigger on
 * `auth.sessions`), so it does not matter who deleted the row.
 */
export async function openSessions(
  database: Database,
  log: Log,
): Promise<Sessions & { close: () => Promise<void> }> {
  const listeners = new Set<(sessionId: string | null) => void>()
  const stop = await database.listen('auth_session_ended', (sessionId) => {
    for (const listener of [...listeners]) {
      try {
        listener(sessionId)
      } catch (error) {
        log.error('a listener to the end of a session failed', { why: String(error) })
      }
    }
  })
  return {
    alive: async (sessionId) => {
      if (!uuid.test(sessionId)) return false
      const rows = await database.query(
        `select 1 from auth.sessions where id = $1 and (not_after is null or not_after > now())`,
        [sessionId],
      )
      return rows.length > 0
    },
    revoke: async (sessionId) => {
      await database.query('delete from auth.sessions where id = $1', [sessionId])
    },
    onEnded: (listener) => {
      const own = (sessionId: string | null): void => listener(sessionId)
      listeners.add(own)
      return () => {
        listeners.delete(own)
      }
    },
    close: stop,
  }
}
