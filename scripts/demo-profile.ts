import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProfileInput } from '../src/shared/profile.ts'
import type { BackendReady } from './demo-backend.ts'

/** The demo as the app's profile file wants it. Its passwords work on this computer only. */
export function createDemoProfile(ready: BackendReady): ProfileInput {
  return {
    id: 'demo',
    name: 'Signalbox demo',
    mark: 'demo',
    supabaseUrl: ready.supabaseUrl,
    gatewayUrl: ready.gatewayUrl,
    publishableKey: ready.publishableKey,
    demoUsers: ready.users.map(({ email, password, label }) => ({ email, password, label })),
  }
}

/**
 * Writes one file of the demo and of the operator's own profiles; the app takes one file.
 * @throws Error when the operator's file is not JSON; what it says is for the app to judge.
 */
export function writeProfiles(userDataDir: string, demo: ProfileInput, own: string | null): string {
  const profiles: unknown[] = [demo]
  if (own !== null) profiles.push(...[readJson(own)].flat())
  mkdirSync(userDataDir, { recursive: true, mode: 0o700 })
  const path = join(userDataDir, 'demo-profiles.json')
  writeFileSync(`${path}.part`, JSON.stringify(profiles, null, 2), { mode: 0o600 })
  renameSync(`${path}.part`, path)
  return path
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Error(`--profile-file ${path} cannot be read as JSON`, { cause: error })
  }
}
