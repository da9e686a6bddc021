import type { ProfileInput } from '../../../../src/shared/profile.ts'

/** A profile as an operator would write it. */
export const profileJson = (id: string): ProfileInput => ({
  id,
  name: `Environment ${id}`,
  supabaseUrl: 'http://127.0.0.1:54321',
  publishableKey: 'sb_publishable_test',
  gatewayUrl: 'http://127.0.0.1:8080',
})
