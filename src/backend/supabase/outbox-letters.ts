import type { LinkKind } from './auth-links.ts'
import type { Mail } from './outbox.ts'

interface Letter {
  readonly subject: string
  /** What following the link, or typing the code, does. */
  readonly purpose: string
}

const letters: Readonly<Record<LinkKind, Letter>> = {
  signup: { subject: 'Confirm your address', purpose: 'Confirm that this address is yours' },
  invite: { subject: 'You have been invited', purpose: 'Accept the invitation' },
  magiclink: { subject: 'Your sign-in link', purpose: 'Sign in' },
  recovery: { subject: 'Reset your password', purpose: 'Sign in and choose a new password' },
  email_change_current: {
    subject: 'Confirm the change of your address',
    purpose: 'Confirm that your account moves to {new}',
  },
  email_change_new: {
    subject: 'Confirm your new address',
    purpose: 'Confirm that your account moves to {new}',
  },
  reauthentication: {
    subject: 'Confirm that it is you',
    purpose: 'Type the code where it is asked',
  },
}

/** Short and plain; whoever did not ask for it may ignore it. */
export function write({ kind, link, newEmail = '' }: Mail): { subject: string; text: string } {
  const { subject, purpose } = letters[kind]
  const sentence = purpose.replace('{new}', () => newEmail)
  const lines = [
    kind === 'reauthentication' ? `${sentence}.` : `${sentence}:\n${link.url}`,
    `Code: ${link.code}`,
    'If you did not ask for this, ignore it.',
  ]
  return { subject, text: lines.join('\n\n') }
}
