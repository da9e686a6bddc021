import { startBackend, type Backend } from '../../src/backend/backend.ts'
import { parseConfig } from '../../src/backend/config.ts'
import type { Environment } from '../../src/backend/config-environment.ts'
import { createLog } from '../../src/backend/log.ts'
import type { TestBackend } from './backend.ts'

/** What an operator sets so that a gateway stands before a project; here another backend's. */
export function environmentOf(project: TestBackend, database = 'postgres'): Environment {
  const { user, password, port } = project.database.connection
  return {
    SUPABASE_URL: project.supabaseUrl,
    SUPABASE_SECRET_KEY: project.secretKey,
    DATABASE_URL: `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`,
  }
}

/** The gateway alone, in this process. */
export async function startGatewayAlone(env: Environment): Promise<Backend> {
  const args = ['--port', '0', '--data', '/nowhere']
  const { config } = parseConfig({ args, env, readFile: () => '' })
  return startBackend({ config, log: createLog('alone', () => undefined), throwaway: true })
}
