import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseProfileFile } from '../../../../src/main/profiles/profile-file.ts'
import { profileJson } from './profile-json.ts'

const parse = (value: unknown) =>
  parseProfileFile(typeof value === 'string' ? value : JSON.stringify(value), 'demo.json')

describe('a profile file', () => {
  it('holds one profile, or several', () => {
    const [a, b] = [profileJson('a'), profileJson('b')]
    expect(parse(a)).toMatchObject({ ok: true, value: [{ id: 'a', sources: ['progress'] }] })
    expect(parse([a, b])).toMatchObject({ ok: true, value: [{ id: 'a' }, { id: 'b' }] })
  })

  it('may begin with a byte order mark', () => {
    expect(parse(`\uFEFF${JSON.stringify(profileJson('a'))}`)).toMatchObject({ ok: true })
  })

  const serviceKey = `e30.${Buffer.from('{"role":"service_role"}').toString('base64url')}.c2ln`
  it.each<[string, unknown, string, RegExp]>([
    ['a missing field', { ...profileJson('a'), name: undefined }, 'name', /^demo\.json: name: /],
    [
      'a wrong address in the second of two',
      [profileJson('a'), { ...profileJson('b'), supabaseUrl: 'ftp://x' }],
      'supabaseUrl',
      /^demo\.json: profile 2, supabaseUrl: /,
    ],
    ['a misspelt field', { ...profileJson('a'), gatewayURL: 'x' }, 'gatewayURL', /not a field/],
    [
      'a service key',
      { ...profileJson('a'), publishableKey: serviceKey },
      'publishableKey',
      /only ever takes the publishable key/,
    ],
    [
      'a secret key',
      { ...profileJson('a'), publishableKey: 'sb_secret_canary' },
      'publishableKey',
      /secret \(service\) key/,
    ],
    [
      'a user name in an address',
      { ...profileJson('a'), gatewayUrl: 'https://me:canary@h' },
      'gatewayUrl',
      /without user name/,
    ],
    [
      'demo users of a server elsewhere',
      {
        ...profileJson('a'),
        supabaseUrl: 'https://x.example',
        demoUsers: [{ email: 'a@b.co', password: 'canary', label: 'A' }],
      },
      'demoUsers',
      /on this computer/,
    ],
    ['an id twice', [profileJson('a'), profileJson('a')], 'id', /profile 2, the id stands there/],
  ])('is refused for %s, naming the field and the next step', (_, value, field, sentence) => {
    const parsed = parse(value)
    expect(parsed).toMatchObject({ ok: false, failure: { code: 'profile_invalid', field } })
    const message = parsed.ok ? '' : parsed.failure.message
    expect(message).toMatch(sentence)
    expect(message).toMatch(/\.$/)
    expect(message).not.toContain('canary')
  })

  it('is refused when it is not JSON, without quoting it', () => {
    const parsed = parse('{"password":"canary"')
    expect(parsed).toMatchObject({
      ok: false,
      failure: { message: 'demo.json is not valid JSON. Correct it and start again.' },
    })
  })

  it('is refused when it holds none, or too many', () => {
    expect(parse([])).toMatchObject({ ok: false })
    expect(parse(Array.from({ length: 101 }, (_, i) => profileJson(`p${i}`)))).toMatchObject({
      ok: false,
    })
  })

  it('never throws, whatever it holds', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        const parsed = parse(text)
        return parsed.ok || parsed.failure.code === 'profile_invalid'
      }),
    )
  })
})
