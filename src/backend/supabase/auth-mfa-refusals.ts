import { refusal, type AuthRefusal } from './auth-outcome.ts'

/** What is said about second factors, in GoTrue's words (supabase.md §1). */
export const mfaRefusals = {
  enrollOff: refusal(422, 'mfa_totp_enroll_not_enabled', 'MFA enroll is disabled for TOTP'),
  phoneEnrollOff: refusal(422, 'mfa_phone_enroll_not_enabled', 'MFA enroll is disabled for Phone'),
  webauthnEnrollOff: refusal(
    422,
    'mfa_webauthn_enroll_not_enabled',
    'MFA enroll is disabled for WebAuthn',
  ),
  verifyOff: refusal(422, 'mfa_totp_verify_not_enabled', 'MFA verification is disabled for TOTP'),
  typeUnknown: refusal(
    400,
    'validation_failed',
    'factor_type needs to be totp, phone, or webauthn',
  ),
  codeMissing: refusal(400, 'validation_failed', 'Code needs to be non-empty'),
  tooLong: refusal(400, 'validation_failed', 'friendly_name and issuer have to be shorter'),
  idWrong: refusal(404, 'validation_failed', 'factor_id must be an UUID'),
  unknown: refusal(404, 'mfa_factor_not_found', 'Factor not found'),
  challengeUnknown: refusal(
    422,
    'mfa_factor_not_found',
    'MFA factor with the provided challenge ID not found',
  ),
  elsewhere: refusal(422, 'mfa_ip_address_mismatch', 'Challenge and verify IP addresses mismatch.'),
  wrongCode: refusal(422, 'mfa_verification_failed', 'Invalid TOTP code entered'),
  tooMany: refusal(
    422,
    'too_many_enrolled_mfa_factors',
    'Maximum number of verified factors reached, unenroll to continue',
  ),
  enrollNeedsAal2: refusal(403, 'insufficient_aal', 'AAL2 required to enroll a new factor'),
  unenrollNeedsAal2: refusal(422, 'insufficient_aal', 'AAL2 required to unenroll verified factor'),
  anonymous: refusal(
    403,
    'no_authorization',
    'Anonymous user not allowed to perform these actions',
  ),
} as const satisfies Record<string, AuthRefusal>

export const nameTaken = (name: string): AuthRefusal =>
  refusal(
    422,
    'mfa_factor_name_conflict',
    `A factor with the friendly name ${JSON.stringify(name)} for this user already exists`,
  )

export const challengeExpired = (id: string): AuthRefusal =>
  refusal(
    422,
    'mfa_challenge_expired',
    `MFA challenge ${id} has expired, verify against another challenge or create a new challenge.`,
  )
