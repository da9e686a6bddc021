import type { HttpFetch } from '../../src/main/ports.ts'
import { memoryAnswer } from './histories/memory-answer.ts'
import { answerQuery } from './scripted-rest.ts'
import type { Row } from './scripted-rest.ts'

/** A table behind PostgREST, in memory: the network of sources that are not given one. */
export class MemoryTable {
  readonly rows = new Map<string, Row>()
  /** How the server answers instead. */
  instead: { readonly status: number; readonly body: string } | null = null
  /** Requests so far. */
  queries = 0

  readonly fetch: HttpFetch = (input) => {
    this.queries += 1
    const { searchParams } = new URL(input instanceof Request ? input.url : input)
    const { status, body } = this.instead ?? {
      status: 200,
      body: JSON.stringify(answerQuery(this.rows.values(), searchParams)),
    }
    return Promise.resolve(memoryAnswer(status, body))
  }

  put(row: Row): void {
    this.rows.set(String(row.id), row)
  }
}
