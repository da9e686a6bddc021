import type { IncomingHttpHeaders } from 'node:http'
import type { Preferences } from './preferences.ts'

/** One request as it came in, its preferences parsed. */
export interface Asked {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
  readonly kind: 'table' | 'routine' | 'root'
  /** Of the table or the function. */
  readonly name: string
  /** What follows `?`. */
  readonly search: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly preferences: Preferences
}
