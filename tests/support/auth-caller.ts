import type { Backend } from '../../src/backend/backend.ts'

/** What an auth route answered. */
export interface AuthAnswer {
  readonly status: number
  readonly headers: Headers
  readonly body: Record<string, unknown>
}

export interface SessionBody extends Record<string, unknown> {
  readonly access_token: string
  readonly refresh_token: string
  readonly expires_in: number
  readonly user: { readonly id: string; readonly email: string }
}

interface Call {
  readonly method?: string
  readonly body?: unknown
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Speaks to `/auth/v1` as auth-js does, and shows everything that came back. */
export class AuthCaller {
  readonly #backend: Backend

  constructor(backend: Backend) {
    this.#backend = backend
  }

  async call(
    path: string,
    { method = 'GET', body, token, headers }: Call = {},
  ): Promise<AuthAnswer> {
    const key = this.#backend.publishableKey
    const response = await fetch(`${this.#backend.supabaseUrl}/auth/v1${path}`, {
      method,
      headers: {
        apikey: key,
        authorization: `Bearer ${token ?? key}`,
        'x-supabase-api-version': '2024-01-01',
        'content-type': 'application/json;charset=UTF-8',
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    }
  }

  password(email: string, password: string): Promise<AuthAnswer> {
    const body = { email, password, gotrue_meta_security: {} }
    return this.call('/token?grant_type=password', { method: 'POST', body })
  }

  refresh(refreshToken: string): Promise<AuthAnswer> {
    const body = { refresh_token: refreshToken }
    return this.call('/token?grant_type=refresh_token', { method: 'POST', body })
  }

  /** Signs in the nth demo user. */
  async signIn(nth = 0): Promise<SessionBody> {
    const user = this.#backend.users[nth]
    if (user === undefined) throw new Error(`there is no demo user ${nth}`)
    const { status, body } = await this.password(user.email, user.password)
    if (status !== 200) throw new Error(`sign-in was answered ${status}`)
    return body as SessionBody
  }
}
