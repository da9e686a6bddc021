import { describe, expect, it } from 'vitest'
import { profileSchema } from '../../../src/shared/profile.ts'

const parse = (sources: readonly string[]) =>
  profileSchema.safeParse({
    id: 'acme',
    name: 'Acme',
    supabaseUrl: 'https://acme.supabase.co',
    publishableKey: 'sb_publishable_x',
    gatewayUrl: 'https://gateway.acme.test',
    sources,
  })

describe('the sources of a profile', () => {
  it.each([[['progress', 'realtime']], [['polling']], [['progress', 'polling']]])(
    'may be %j',
    (sources) => {
      expect(parse(sources).success).toBe(true)
    },
  )

  it('are not both realtime and polling', () => {
    const refused = parse(['realtime', 'polling'])
    expect(refused.error?.issues).toMatchObject([
      { path: ['sources'], message: expect.stringContaining('by itself') as unknown },
    ])
  })
})
