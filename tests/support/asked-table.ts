import type { GatewayAnswer, GatewayHttp } from '../../src/main/sources/gateway-http.ts'
import { answerQuery } from './scripted-rest.ts'
import type { Row } from './scripted-rest.ts'

/** The table behind PostgREST, without any HTTP: it owns its rows, and remembers what was asked. */
export class AskedTable {
  rows: readonly Row[] = []
  /** The server gives no more rows at once. */
  mostRows = 1_000
  /** Given to the next requests, one each; null is what the rows answer. */
  readonly answers: (GatewayAnswer | null)[] = []
  readonly asked: URLSearchParams[] = []
  /** Runs after a request came, before it is answered. */
  onAsked: (query: URLSearchParams) => void = () => undefined

  readonly ask: GatewayHttp = (path) => {
    const query = new URL(path, 'http://server').searchParams
    this.asked.push(query)
    this.onAsked(query)
    const body = answerQuery(this.rows, query).slice(0, this.mostRows)
    return Promise.resolve(this.answers.shift() ?? { kind: 'body', body })
  }
}
