import { describe, expect, it } from 'vitest'
import { refusals } from '../../../../src/backend/supabase/auth-outcome.ts'
import {
  backWithCode,
  backWithError,
  backWithGrant,
  backWithMessage,
} from '../../../../src/backend/supabase/auth-returns.ts'

const app = 'signalbox://auth/callback?from=mail'

describe('the way back to the app', () => {
  it('carries a session in the fragment, where no server sees it', () => {
    const body = { access_token: 'a.b.c', refresh_token: 'r', expires_in: 60, token_type: 'bearer' }
    const url = backWithGrant(`${app}#old`, { body, headers: {} }, 'signup')
    expect(url.split('#')[0]).toBe(app)
    expect(url).toContain('#access_token=a.b.c')
    expect(url).toMatch(/&type=signup&sb=$/)
  })

  it('carries a code in the query', () => {
    expect(backWithCode(app, 'the code')).toBe(`${app}&code=the+code`)
  })

  it('carries an error in the fragment, for the PKCE flow in the query as well', () => {
    const fields =
      'error=access_denied&error_code=otp_expired&error_description=Email+link+is+invalid+or+has+expired'
    expect(backWithError(app, refusals.linkWrong, false)).toBe(`${app}#${fields}&sb=`)
    expect(backWithError(app, refusals.linkWrong, true)).toBe(`${app}&${fields}#${fields}&sb=`)
    expect(backWithError('http://a.test/', refusals.emailExists, false)).not.toContain('error=')
  })

  it('carries a message', () => {
    expect(backWithMessage('http://a.test/', 'half way', false)).toBe(
      'http://a.test/#message=half+way&sb=',
    )
  })
})
