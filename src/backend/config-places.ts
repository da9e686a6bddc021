import type { Environment } from './config-environment.ts'
import { ConfigError } from './config-error.ts'

/** Variables that name another program's address. Empty is as good as not set. */
export function readRedisUrl(env: Environment): string | null {
  const text = env.REDIS_URL
  if (text === undefined || text === '') return null
  if (!/^rediss?:$/.test(URL.parse(text)?.protocol ?? '')) {
    throw new ConfigError('REDIS_URL is not of the form redis://HOST:PORT (or rediss:// with TLS)')
  }
  return text
}

/** Where to listen. What hands out sessions of its own never leaves this machine. */
export function chooseHost(env: Environment, alone: boolean): string {
  const text = env.HOST
  if (!alone || text === undefined || text === '') return '127.0.0.1'
  if (!/^[A-Za-z0-9.:-]{1,253}$/.test(text))
    throw new ConfigError('HOST is not an address to listen on')
  return text
}

/** Without a slash at the end. @throws ConfigError */
export function readPublicOrigin(env: Environment): string | null {
  const text = env.PUBLIC_URL
  if (text === undefined || text === '') return null
  const url = toHttpUrl(text, 'PUBLIC_URL')
  if (url.pathname !== '/' || url.search !== '' || url.username !== '') {
    throw new ConfigError('PUBLIC_URL is more than an origin: scheme, host and port only')
  }
  return url.origin
}

/** @throws ConfigError, naming the setting and never its value */
export function toHttpUrl(text: string, name: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError(`${name} is not an http(s) address`)
  }
  return url
}
