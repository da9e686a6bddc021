import { describe, expect, it } from 'vitest'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { demoEnvironment } from '../../../scripts/demo-backend.ts'
import { root } from '../../../scripts/runtime.ts'
import { parseConfig } from '../../../src/backend/config.ts'

describe('the demo', () => {
  it('takes nothing of a real project out of the operator’s shell', () => {
    const kept = { PATH: '/bin', SIGNALBOX_LOG: 'debug', HOME: '/home/x' }
    const foreign = {
      SUPABASE_URL: 'https://x.test',
      SUPABASE_JWT_SECRET: 'x',
      DATABASE_URL: 'postgresql://x',
      DATABASE_CA_FILE: '/x',
      REDIS_URL: 'redis://x',
      SIGNALBOX_MODE: 'gateway',
    }
    expect(demoEnvironment({ ...kept, ...foreign })).toEqual(kept)
  })

  it('has a configuration under which nobody signs up or stays without a name', () => {
    const { config } = parseConfig({
      args: ['--config', join(root, 'resources/supabase/config.toml'), '--data', '/data'],
      env: {},
      readFile: (path) => readFileSync(path, 'utf8'),
    })
    expect(config).toMatchObject({ port: 54_321, databasePort: 54_322 })
    expect(config.auth).toMatchObject({ allowSignUp: false, allowAnonymous: false })
  })
})
