import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JWK } from 'jose'
import { z } from 'zod'
import { ConfigError } from './config-error.ts'
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

export async function openDataFolder(
  dir: string,
  demoEmails: readonly string[],
  reset: boolean,
): Promise<DataFolder> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = join(dir, fileName)
  if (reset) await rm(path, { force: true })
  const kept = await readSecrets(path)
  const secrets = kept ?? (await drawSecrets(demoEmails))
  if (kept === null) await writeSecrets(path, secrets)
  return { clusterDir: join(dir, 'db'), secrets }
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
