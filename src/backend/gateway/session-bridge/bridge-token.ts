import { createHash, createHmac, randomBytes } from 'node:crypto'

/** What a cookie holds: 32 random bytes that mean nothing to anybody else. */
export const newToken = (): string => randomBytes(32).toString('base64url')

export const isToken = (text: string): boolean => /^[\w-]{43}$/.test(text)

/** What is kept of a token. It has all the randomness it needs, so no salt and no slow digest. */
export const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex')

/**
 * What follows a refresh token: the same each time, so that who asks twice because an answer was
 * lost gets that answer again. Takes both the token and what only the database knows.
 */
export const successorOf = (token: string, salt: string, use: 'session' | 'refresh'): string =>
  createHmac('sha256', Buffer.from(salt, 'base64url')).update(`${use}.${token}`).digest('base64url')
