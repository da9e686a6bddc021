import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { z } from 'zod'
import { ConfigError } from './config-error.ts'
import type { Connection } from './database/database.ts'
import { generateSigningKey } from './tokens/issuer.ts'

/**
 * Owns the folder that a backend keeps: the cluster, and one file of secrets that were drawn when
 * the folder was made. Nothing secret is ever a constant of the source.
 */
export interface DataFolder {
  readonly clusterDir: string
  readonly secrets: Secrets
}

export interface Secrets {
  readonly createdAt: string
  /** PostgreSQL's superuser. */
  readonly databasePassword: string
  /** Signs the legacy keys, and session tokens when nothing else is configured for HS256. */
  readonly jwtSecret: string
  /** A private ES256 key with its `kid`. */
  readonly signingKey: JWK
  readonly publishableKey: string
  readonly secretKey: string
  /** By e-mail. */
  readonly demoPasswords: Readonly<Record<string, string>>
}

const secretsSchema = z.object({
  createdAt: z.iso.datetime(),
  databasePassword: z.string().min(16),
  jwtSecret: z.string().min(32),
  signingKey: z.looseObject({ kty: z.literal('EC'), kid: z.string() }),
  publishableKey: z.string().startsWith('sb_publishable_'),
  secretKey: z.string().startsWith('sb_secret_'),
  demoPasswords: z.record(z.string(), z.string().min(12)),
})

const fileName = 'secrets.json'

export interface DataFolderOptions {
  readonly dir: string
  readonly demoEmails: readonly string[]
  /** New secrets; the cluster's owner empties the cluster. */
  readonly reset: boolean
}

/** @throws ConfigError when the folder cannot be used as it is */
export async function openDataFolder(options: DataFolderOptions): Promise<DataFolder> {
  const { dir, demoEmails, reset } = options
  await mkdir(dir, { recursive: true, mode: 0o700 }).catch(() => {
    throw new ConfigError(`--data: the folder ${dir} cannot be made`)
  })
  const [path, clusterDir] = [join(dir, fileName), join(dir, 'db')]
  const kept = await readSecrets(path).catch((error: unknown) => {
    if (reset) return null
    throw error
  })
  if (kept !== null && !reset) return { clusterDir, secrets: kept }
  if (kept === null && !reset && existsSync(clusterDir)) {
    throw new ConfigError(`--data: ${dir} has a database but no ${fileName}; --reset starts over`)
  }
  const drawn = await drawSecrets(demoEmails)
  // The old cluster may still run, left behind by a kill; its password opens it to take it down.
  const secrets = { ...drawn, databasePassword: kept?.databasePassword ?? drawn.databasePassword }
  await writeSecrets(path, secrets)
  return { clusterDir, secrets }
}

/** As it stands, or null where there is none. @throws ConfigError when it is damaged */
export async function readDataFolder(dir: string): Promise<DataFolder | null> {
  const clusterDir = join(dir, 'db')
  const secrets = await readSecrets(join(dir, fileName))
  return secrets === null ? null : { clusterDir, secrets }
}

async function readSecrets(path: string): Promise<Secrets | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw new ConfigError(`--data: ${path} cannot be read`)
  })
  if (text === null) return null
  try {
    return secretsSchema.parse(JSON.parse(text))
  } catch {
    throw new ConfigError(`--data: ${path} is damaged; --reset starts over`)
  }
}

/** Whole or not at all, and for nobody else's eyes. */
async function writeSecrets(path: string, secrets: Secrets): Promise<void> {
  const unfinished = `${path}.new`
  await writeFile(unfinished, JSON.stringify(secrets, null, 2), { mode: 0o600 })
  await chmod(unfinished, 0o600)
  await rename(unfinished, path)
}

/**
 * How psql and other tools get in: `PGPASSFILE=<data>/pgpass psql -h 127.0.0.1 -p PORT -U postgres`.
 * The port may be another one at every start.
 */
export async function writePasswordFile(
  dir: string,
  { host, port, user, password }: Connection,
): Promise<string> {
  const path = join(dir, 'pgpass')
  const unfinished = `${path}.new`
  await writeFile(unfinished, `${host}:${port}:*:${user}:${password}\n`, { mode: 0o600 })
  await chmod(unfinished, 0o600)
  await rename(unfinished, path)
  return path
}

async function drawSecrets(demoEmails: readonly string[]): Promise<Secrets> {
  const draw = (bytes: number): string => randomBytes(bytes).toString('base64url')
  return {
    createdAt: new Date().toISOString(),
    databasePassword: draw(24),
    jwtSecret: draw(48),
    signingKey: await generateSigningKey(),
    publishableKey: `sb_publishable_${draw(24)}`,
    secretKey: `sb_secret_${draw(24)}`,
    demoPasswords: Object.fromEntries(demoEmails.map((email) => [email, draw(12)])),
  }
}
