import type { AuthConfig } from '../config.ts'

/** Sign-in with others, which this server leaves to the hosted one. */
const foreign = [
  ...['apple', 'azure', 'bitbucket', 'discord', 'facebook', 'figma', 'fly', 'github', 'gitlab'],
  ...['google', 'kakao', 'keycloak', 'linkedin', 'linkedin_oidc', 'notion', 'slack', 'slack_oidc'],
  ...['snapchat', 'spotify', 'twitch', 'twitter', 'workos', 'x', 'zoom'],
]

/** What `/settings` tells a sign-in form (GoTrue). */
export function settingsOf({ allowSignUp, allowAnonymous, email }: AuthConfig) {
  return {
    external: {
      ...Object.fromEntries(foreign.map((name) => [name, false])),
      anonymous_users: allowAnonymous,
      email: email.allowSignUp,
      phone: false,
    },
    disable_signup: !allowSignUp,
    mailer_autoconfirm: !email.confirmations,
    phone_autoconfirm: false,
    sms_provider: '',
    saml_enabled: false,
  }
}
