import { describe, expect, it } from 'vitest'
import { KeyringHome } from '../support/keyring-session.ts'

const account = 'session.test'
const text = JSON.stringify({ access_token: 'x'.repeat(1_000), refresh_token: 'k3v9q2m7x1zt' })

// Locked, hung and missing ones: F66 in tests/faults/keychain.test.ts.
describe.runIf(process.platform === 'linux')('a real keyring', { timeout: 30_000 }, () => {
  it('that is unlocked takes an entry, which secret-tool sees under Signalbox', async () => {
    await using home = await KeyringHome.make()
    const { answers, armed, seen } = await home.inSession('unlocked', [
      ['read', account],
      ['write', account, text],
      ['read', account],
    ])
    expect(answers).toEqual(['keychain', 'absent', 'done', { present: text }])
    expect(armed).toBe(0)
    expect(seen).toContain('attribute.service = Signalbox')
    expect(seen).toMatch(/attribute\.account = [0-9a-f]{8}\.session\.test/)
  })

  it('loses an entry for good when told to: secret-tool sees none', async () => {
    await using home = await KeyringHome.make()
    const { answers, seen } = await home.inSession('unlocked', [
      ['write', account, text],
      ['erase', account],
      ['read', account],
      ['erase', account],
    ])
    expect(answers).toEqual(['keychain', 'done', 'done', 'absent', 'done'])
    expect(seen).not.toContain('Signalbox')
  })
})
