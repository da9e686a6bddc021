import type { HttpFetch } from '../../src/main/ports.ts'

export interface Fetched {
  readonly url: string
  readonly init: RequestInit
  /** As it arrives: names in small letters. */
  readonly headers: Readonly<Record<string, string>>
}

/** The fake of the fetch port: what was asked, newest last, and what the test answers to it. */
export class FakeFetch {
  readonly asked: Fetched[] = []
  answer: (url: URL, asked: Fetched) => Response | Promise<Response> = () => Response.json({})

  readonly fetch: HttpFetch = async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const headers = Object.fromEntries(new Headers(init.headers))
    const asked = { url: url.href, init, headers }
    this.asked.push(asked)
    return this.answer(url, asked)
  }

  get last(): Fetched {
    const last = this.asked.at(-1)
    if (last === undefined) throw new Error('nothing was asked')
    return last
  }
}
