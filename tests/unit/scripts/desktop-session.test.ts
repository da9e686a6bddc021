import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { openDesktopSession } from '../../../scripts/desktop-session.ts'

const folderOf = (address: string): string => address.replace(/^unix:path=(.*)\/bus.*$/, '$1')

describe.runIf(process.platform === 'linux')('a private desktop session', () => {
  it('has an unlocked keyring of its own, and leaves nothing behind', async () => {
    const session = await openDesktopSession({ display: false, keyring: 'private' })
    const env = { ...process.env, ...session.env }
    const item = ['service', 'signalbox-test', 'account', 'one']
    execFileSync('secret-tool', ['store', '--label=test', ...item], { env, input: 'hush' })
    const found = execFileSync('secret-tool', ['lookup', ...item], { env, encoding: 'utf8' })
    expect(found).toBe('hush')

    const folder = folderOf(
      session.env.DBUS_SESSION_BUS_ADDRESS ?? process.env.DBUS_SESSION_BUS_ADDRESS ?? '',
    )
    expect(existsSync(folder)).toBe(true)
    await session.close()
    if (session.env.DBUS_SESSION_BUS_ADDRESS !== undefined) expect(existsSync(folder)).toBe(false)
  })

  it('gives a display that programs can open', async () => {
    const session = await openDesktopSession({ display: true, keyring: 'missing' })
    const display = session.env.DISPLAY ?? process.env.DISPLAY
    expect(display).toMatch(/^:\d+/)
    await session.close()
  })
})
