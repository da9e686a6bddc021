import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDemoProfile, writeProfiles } from '../../../scripts/demo-profile.ts'
import { profileFileSchema, profileSchema } from '../../../src/shared/profile.ts'

const ready = {
  supabaseUrl: 'http://127.0.0.1:5001',
  gatewayUrl: 'http://127.0.0.1:5001',
  publishableKey: 'sb_publishable_x',
  users: [{ email: 'a@acme.test', password: 'p', label: 'Acme, admin', tenantId: 'acme' }],
}

describe('the demo profile', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-profile-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  it('is one that the app accepts', () => {
    expect(profileSchema.parse(createDemoProfile(ready))).toMatchObject({
      id: 'demo',
      mark: 'demo',
      demoUsers: [{ email: 'a@acme.test', password: 'p', label: 'Acme, admin' }],
    })
  })

  it('is written for the operator\u2019s eyes only, beside the operator\u2019s own profiles', () => {
    const own = join(folder, 'own.json')
    const mine = { ...createDemoProfile(ready), id: 'mine', demoUsers: [] }
    writeFileSync(own, JSON.stringify(mine))
    const path = writeProfiles(folder, createDemoProfile(ready), own)
    const profiles = profileFileSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    expect([profiles].flat().map((each) => each.id)).toEqual(['demo', 'mine'])
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('is not started beside a file that is no JSON', () => {
    const own = join(folder, 'own.json')
    writeFileSync(own, 'not json')
    expect(() => writeProfiles(folder, createDemoProfile(ready), own)).toThrow(own)
  })
})
