import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'

/** As main/host/keychain names its entries. */
const service = 'Signalbox'

/**
 * The accounts that the OS keychain keeps for the app on this user data folder, seen by a tool that
 * is not the app. Only names are read, never what they hold.
 */
export function accountsKept(userDataDir: string): string[] {
  const prefix = createHash('sha256').update(userDataDir).digest('hex').slice(0, 8)
  return allAccounts().filter((account) => account.startsWith(`${prefix}.`))
}

/** @throws Error that says what to install, where there is no keychain to look into. */
export function requireKeyring(): void {
  if (process.platform !== 'linux') return
  if (spawnSync('secret-tool', ['--help']).error !== undefined) {
    throw new Error('no secret-tool: apt-get install libsecret-tools gnome-keyring dbus')
  }
  const answer = spawnSync('secret-tool', ['search', 'service', 'nobody'], { encoding: 'utf8' })
  if (/cannot|could not|not provided|failed/i.test(answer.stderr)) {
    throw new Error(
      `no keyring answers on the session bus: apt-get install gnome-keyring dbus (${answer.stderr.trim()})`,
    )
  }
}

function allAccounts(): string[] {
  if (process.platform === 'linux') {
    return attributesOf(spawnSync('secret-tool', ['search', '--all', 'service', service]))
  }
  if (process.platform === 'darwin') {
    const items = execFileSync('security', ['dump-keychain'], { encoding: 'utf8' })
      .split(/^keychain: /m)
      .filter((item) => item.includes(`"svce"<blob>="${service}"`))
    return items.flatMap((item) => /"acct"<blob>="([^"]+)"/.exec(item)?.[1] ?? [])
  }
  const listed = execFileSync('cmdkey', ['/list'], { encoding: 'utf8' })
  return [...listed.matchAll(new RegExp(`${service}/(\\S+)`, 'g'))].map((match) => match[1]!)
}

/** `secret-tool` tells attributes on one stream and the rest on the other, by version. */
function attributesOf({ stdout, stderr }: { stdout: Buffer; stderr: Buffer }): string[] {
  const text = `${stdout.toString()}\n${stderr.toString()}`
  return [...text.matchAll(/^attribute\.account = (.+)$/gm)].map((match) => match[1]!)
}
