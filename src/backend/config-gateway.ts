import { z } from 'zod'
import type { Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'
import { toHttpUrl } from './config-places.ts'
import { defaultBridge, type BridgeSettings } from './gateway/session-bridge/grant.ts'

/** What browsers and proxies are trusted with. */
export interface GatewayConfig {
  /** Whether `X-Forwarded-For` was written by a proxy of ours. */
  readonly behindProxy: boolean
  /** Other sites whose pages may use cookies here. */
  readonly allowedOrigins: readonly string[]
  readonly bridge: BridgeSettings
  /** Who brings it may see the metrics; null leaves them to this computer. */
  readonly metricsToken: string | null
}

const lifetime = (seconds: number) =>
  z
    .int()
    .min(1)
    .max(365 * 86_400)
    .default(seconds)

/** `[signalbox.gateway]`; lifetimes are seconds, of sessions by cookie. */
export const gatewaySection = z.strictObject({
  behind_proxy: z.boolean().default(false),
  allowed_origins: z.array(z.string()).max(100).default([]),
  session_lifetime: lifetime(defaultBridge.lifetimeSeconds),
  refresh_lifetime: lifetime(defaultBridge.refreshLifetimeSeconds),
  longest_session: lifetime(defaultBridge.longestSeconds),
  refresh_reuse_interval: z.int().min(0).max(300).default(defaultBridge.reuseSeconds),
})

/** Variables win over the file. @throws ConfigError */
export function readGateway(
  section: z.infer<typeof gatewaySection>,
  env: Environment,
): GatewayConfig {
  const named = env.ALLOWED_ORIGINS ?? ''
  const [name, origins] =
    named === ''
      ? ['signalbox.gateway.allowed_origins', section.allowed_origins]
      : ['ALLOWED_ORIGINS', named.split(',').map((origin) => origin.trim())]
  return {
    behindProxy: readSwitch(env, 'BEHIND_PROXY') ?? section.behind_proxy,
    allowedOrigins: origins.map((origin) => toOrigin(origin, name)),
    bridge: {
      lifetimeSeconds: section.session_lifetime,
      refreshLifetimeSeconds: section.refresh_lifetime,
      longestSeconds: section.longest_session,
      reuseSeconds: section.refresh_reuse_interval,
    },
    metricsToken: readMetricsToken(env),
  }
}

const leastTokenCharacters = 16

function readMetricsToken({ METRICS_TOKEN: token = '' }: Environment): string | null {
  if (token === '') return null
  if (!/^[\x21-\x7e]+$/.test(token) || token.length < leastTokenCharacters) {
    throw new ConfigError(
      `METRICS_TOKEN is shorter than ${leastTokenCharacters} visible characters, or holds others`,
    )
  }
  return token
}

/** `on` or `off`; null where nothing is said. @throws ConfigError */
export function readSwitch(env: Environment, name: string): boolean | null {
  const word = env[name] ?? ''
  if (word === '') return null
  if (word !== 'on' && word !== 'off') throw new ConfigError(`${name} is neither on nor off`)
  return word === 'on'
}

function toOrigin(text: string, name: string): string {
  const url = toHttpUrl(text, name)
  if (url.pathname === '/' && url.search === '' && url.username === '') return url.origin
  throw new ConfigError(`${name} holds more than origins: scheme, host and port only`)
}
