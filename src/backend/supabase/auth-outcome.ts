/** How the auth server says no (supabase.md §1); messages are GoTrue's, clients compare them. */
export interface AuthRefusal {
  readonly status: number
  readonly code: string
  readonly message: string
  /** Some refusals explain themselves further. */
  readonly more?: Readonly<Record<string, unknown>>
}

export type AuthOutcome<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: AuthRefusal; readonly headers?: AuthHeaders }

/** Headers that tell a client (and us) which session a token call was about. */
export type AuthHeaders = Readonly<Record<string, string>>

export const refusal = (status: number, code: string, message: string): AuthRefusal => ({
  status,
  code,
  message,
})

export const refusals = {
  badJson: refusal(400, 'bad_json', 'Could not parse request body as JSON'),
  bodyTooLarge: refusal(413, 'request_too_large', 'Request body is too large'),
  wrongCredentials: refusal(400, 'invalid_credentials', 'Invalid login credentials'),
  unsupportedGrant: refusal(400, 'invalid_credentials', 'unsupported_grant_type'),
  noIdentifier: refusal(400, 'validation_failed', 'missing email or phone'),
  signUpDisabled: refusal(422, 'signup_disabled', 'Signups not allowed for this instance'),
  anonymousDisabled: refusal(422, 'anonymous_provider_disabled', 'Anonymous sign-ins are disabled'),
  emailSignUpDisabled: refusal(400, 'email_provider_disabled', 'Email signups are disabled'),
  phoneSignUpDisabled: refusal(400, 'phone_provider_disabled', 'Phone signups are disabled'),
  emailDisabled: refusal(422, 'email_provider_disabled', 'Email logins are disabled'),
  phoneDisabled: refusal(422, 'phone_provider_disabled', 'Phone logins are disabled'),
  phoneUnsupported: refusal(400, 'phone_provider_disabled', 'Unsupported phone provider'),
  otpDisabled: refusal(422, 'otp_disabled', 'Signups not allowed for otp'),
  codeWrong: refusal(403, 'otp_expired', 'Token has expired or is invalid'),
  linkWrong: refusal(403, 'otp_expired', 'Email link is invalid or has expired'),
  reauthenticationUseless: refusal(
    422,
    'validation_failed',
    'Reauthentication requires the user to have an email or a phone number',
  ),
  unverifiedEmail: refusal(422, 'email_not_confirmed', 'Please verify your email first.'),
  reauthenticationNeeded: refusal(
    400,
    'reauthentication_needed',
    'Password update requires reauthentication',
  ),
  nonceWrong: refusal(422, 'reauthentication_not_valid', 'Nonce has expired or is invalid'),
  samePassword: refusal(
    422,
    'same_password',
    'New password should be different from the old password.',
  ),
  lowAssurance: refusal(
    401,
    'insufficient_aal',
    'AAL2 session is required to update email or password when MFA is enabled.',
  ),
  notAdminForAppData: refusal(403, 'not_admin', 'Updating app_metadata requires admin privileges'),
  anonymousPassword: refusal(
    422,
    'validation_failed',
    'Updating password of an anonymous user without an email or phone is not allowed',
  ),
  emailExists: refusal(
    422,
    'email_exists',
    'A user with this email address has already been registered',
  ),
  textWrong: refusal(400, 'validation_failed', 'The request holds text that cannot be stored'),
  userExists: refusal(422, 'user_already_exists', 'User already registered'),
  notConfirmed: refusal(400, 'email_not_confirmed', 'Email not confirmed'),
  banned: refusal(400, 'user_banned', 'User is banned'),
  bannedRefresh: refusal(400, 'user_banned', 'Invalid Refresh Token: User Banned'),
  bannedToken: refusal(403, 'user_banned', 'User is banned'),
  refreshTokenUnknown: refusal(
    400,
    'refresh_token_not_found',
    'Invalid Refresh Token: Refresh Token Not Found',
  ),
  refreshTokenUsed: refusal(
    400,
    'refresh_token_already_used',
    'Invalid Refresh Token: Already Used',
  ),
  sessionExpired: refusal(400, 'session_expired', 'Invalid Refresh Token: Session Expired'),
  noBearer: refusal(401, 'no_authorization', 'This endpoint requires a valid Bearer token'),
  sessionGone: refusal(
    403,
    'session_not_found',
    'Session from session_id claim in JWT does not exist',
  ),
  userGone: refusal(403, 'user_not_found', 'User from sub claim in JWT does not exist'),
  scopeUnknown: refusal(400, 'validation_failed', 'Unsupported logout scope'),
  tooMany: refusal(429, 'over_request_rate_limit', 'Request rate limit reached'),
  routeUnknown: refusal(404, 'not_found', '404 page not found'),
  internal: refusal(500, 'unexpected_failure', 'Unexpected failure, please check server logs'),
} as const satisfies Record<string, AuthRefusal>

export const badJwt = (why: string): AuthRefusal =>
  refusal(403, 'bad_jwt', `invalid JWT: unable to parse or verify signature, ${why}`)

export const weakPassword = (leastCharacters: number): AuthRefusal => ({
  ...refusal(422, 'weak_password', `Password should be at least ${leastCharacters} characters.`),
  more: { weak_password: { reasons: ['length'] } },
})

/** `leftMs` until the next mail may go out. */
export const tooSoon = (leftMs: number): AuthRefusal =>
  refusal(
    429,
    'over_email_send_rate_limit',
    `For security purposes, you can only request this after ${Math.ceil(leftMs / 1_000)} seconds.`,
  )

/** `field` or rule that the request broke, in GoTrue's words. */
export const invalid = (message: string): AuthRefusal => refusal(400, 'validation_failed', message)

export const refused = (
  refusal: AuthRefusal,
  headers: AuthHeaders = {},
): { readonly ok: false; readonly refusal: AuthRefusal; readonly headers: AuthHeaders } => ({
  ok: false,
  refusal,
  headers,
})
