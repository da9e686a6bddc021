import assert from 'node:assert/strict'

/** Stands in every secret of a history: password, access token, refresh token. */
export const canary = 'c4n4ry7Secret'

/** In base64 a text looks different at each of three offsets: what all of its surroundings leave alone. */
const encoded = [0, 1, 2].map((offset) =>
  Buffer.from(' '.repeat(offset) + canary)
    .toString('base64')
    .slice(offset === 0 ? 0 : 4, -4),
)
const letters = Array.from(canary)
const percent = letters.map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('')
const needles = [canary, letters.toReversed().join(''), percent, ...encoded]

/** A session token that the canary is part of, wherever it is cut. */
export function canaryToken(payload: Readonly<Record<string, unknown>>): string {
  const encode = (value: unknown): string =>
    Buffer.from(JSON.stringify(value)).toString('base64url')
  const header = encode({ alg: 'HS256', typ: 'JWT' })
  return `${header}.${encode({ ...payload, sid: canary })}.${canary}${'x'.repeat(30)}`
}

/** I3: nothing secret, in no spelling. */
export function expectNoSecret(place: string, text: string): void {
  for (const needle of needles) assert.ok(!text.includes(needle), `I3: a secret in ${place}`)
}

/** What a token says of itself. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> {
  const text = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()
  return JSON.parse(text) as Record<string, unknown>
}
