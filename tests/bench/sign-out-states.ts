import { setTimeout as pause } from 'node:timers/promises'
import type { SourceKind } from '../../src/shared/profile.ts'
import type { SignOutWorld } from './sign-out-world.ts'

/** Where a console is when the operator signs out. */
export interface SignOutState {
  readonly name: string
  /** The tenant stream unless given. */
  readonly sources?: readonly SourceKind[]
  /** Before anybody signs in; then nothing waits until it is live. */
  readonly before?: (world: SignOutWorld) => void
  /** On a live console. */
  readonly strike?: (world: SignOutWorld) => void
  /** How long it goes on like this before the operator signs out. */
  readonly forMs?: number
}

const always = { times: Number.MAX_SAFE_INTEGER }
const auth = /^\/auth\/v1/
const gateway = /^\/(api|ws|socket\.io)/
const page = {
  act: 'respond',
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: '<h1>Welcome',
} as const

/** What the server of the session answers from now on. */
const authAnswers =
  (status: number, code: string) =>
  ({ proxy }: SignOutWorld): void => {
    const body = JSON.stringify({ code, error_code: code, message: code })
    const headers = { 'content-type': 'application/json' }
    proxy.rule({ on: 'request', path: auth, ...always }, { act: 'respond', status, headers, body })
  }

const authSilent = ({ proxy }: SignOutWorld): void => {
  proxy.rule({ on: 'request', path: auth, ...always }, { act: 'never-answer' })
}

/** The gateway says that the token is no good, and a refresh begins. */
const refresh = ({ proxy }: SignOutWorld): void => proxy.close(1008, 'token_expired')

const live: readonly SignOutState[] = [
  { name: 'live on progress sockets', sources: ['progress'] },
  { name: 'live on the stream' },
  { name: 'live on Socket.IO', sources: ['socketio'] },
  { name: 'live on Realtime', sources: ['realtime'] },
  { name: 'live on polling', sources: ['polling'] },
  { name: 'live on four sources', sources: ['progress', 'stream', 'socketio', 'realtime'] },
  {
    name: 'just awake',
    strike: ({ power }) => {
      power.suspend()
      power.resume()
    },
  },
  {
    name: 'a slow way, 150 ms',
    strike: ({ proxy }) => {
      proxy.slowness = { latencyMs: () => 150 }
    },
  },
]

const dialling: readonly SignOutState[] = (
  ['progress', 'stream', 'socketio', 'realtime'] as const
).map((kind) => ({
  name: `dialling ${kind}, no upgrade is answered`,
  sources: [kind],
  before: ({ proxy }) => {
    proxy.rule({ on: 'upgrade', ...always }, { act: 'never-answer' })
  },
  forMs: 150,
}))

const connections: readonly SignOutState[] = [
  { name: 'signed in this moment', before: () => undefined, forMs: 0 },
  {
    name: 'asking, and the gateway is silent',
    sources: ['progress'],
    before: ({ proxy }) => {
      proxy.rule({ on: 'request', path: gateway, ...always }, { act: 'never-answer' })
    },
    forMs: 150,
  },
  {
    name: 'waiting after every connection was reset',
    sources: ['progress'],
    strike: ({ proxy }) => proxy.cut('rst'),
  },
  { name: 'half-open: nothing comes in', strike: ({ proxy }) => proxy.silence('client') },
  { name: 'half-open: nothing goes out', strike: ({ proxy }) => proxy.silence('server') },
  {
    name: 'the gateway answers 503',
    strike: ({ proxy }) => {
      proxy.rule({ on: 'upgrade', ...always }, { act: 'respond', status: 503 })
      proxy.close(1001, 'server_going')
    },
  },
  {
    name: 'offline, connections are refused',
    strike: ({ proxy, network }) => {
      network.online = false
      proxy.rule({ on: 'connect', ...always }, { act: 'cut', how: 'rst' })
      proxy.cut('rst')
    },
  },
  {
    name: 'a black hole: taken and never answered',
    strike: ({ proxy }) => {
      proxy.rule({ on: 'connect', ...always }, { act: 'never-answer' })
      proxy.cut('rst')
    },
  },
  {
    name: 'a captive portal',
    strike: ({ proxy }) => {
      proxy.rule({ on: 'upgrade', ...always }, page)
      proxy.rule({ on: 'request', ...always }, page)
      proxy.cut('rst')
    },
  },
]

const sessions: readonly SignOutState[] = [
  { name: 'refreshing, answered', strike: refresh, forMs: 20 },
  {
    name: 'refreshing, never answered',
    strike: (world) => {
      authSilent(world)
      refresh(world)
    },
  },
  {
    name: 'refreshing, refused',
    strike: (world) => {
      authAnswers(503, 'unavailable')(world)
      refresh(world)
    },
  },
  { name: 'the auth server is silent', strike: authSilent, forMs: 0 },
  { name: 'the auth server answers 500', strike: authAnswers(500, 'unexpected_failure'), forMs: 0 },
  { name: 'the auth server answers 429', strike: authAnswers(429, 'over_request_rate_limit') },
  { name: 'the session is known no more', strike: authAnswers(403, 'session_not_found') },
  {
    name: 'the auth server is late, 400 ms',
    strike: ({ proxy }) => {
      proxy.rule({ on: 'request', path: auth, ...always }, { act: 'delay', ms: 400 })
    },
  },
  {
    name: 'the auth server resets',
    strike: ({ proxy }) => {
      proxy.rule({ on: 'request', path: auth, ...always }, { act: 'cut', how: 'rst' })
    },
  },
  {
    name: "the auth server's answer is lost",
    strike: ({ proxy }) => {
      proxy.rule({ on: 'request', path: auth, ...always }, { act: 'lose-reply' })
    },
  },
]

const computer: readonly SignOutState[] = [
  {
    name: 'the keychain takes 300 ms',
    strike: ({ keychain }) => {
      keychain.hold()
      void pause(300).then(() => keychain.release())
    },
    forMs: 0,
  },
  {
    name: 'the keychain is locked',
    strike: ({ keychain }) => {
      keychain.trouble = 'locked'
    },
  },
  {
    name: 'the keychain refuses to erase',
    strike: ({ keychain }) => {
      keychain.refusesErasure = true
    },
  },
  {
    name: 'the keychain never answers',
    strike: ({ keychain }) => {
      keychain.hangs = true
    },
  },
  {
    name: 'the disk is full',
    strike: ({ files }) => {
      files.refuses = 'ENOSPC'
    },
  },
  {
    name: 'no file can be removed',
    strike: ({ files }) => {
      files.refusesRemoval = true
    },
  },
  {
    name: 'black hole, and the keychain never answers',
    strike: ({ proxy, keychain }) => {
      proxy.rule({ on: 'connect', ...always }, { act: 'never-answer' })
      proxy.cut('rst')
      keychain.hangs = true
    },
  },
]

export const signOutStates: readonly SignOutState[] = [
  ...live,
  ...dialling,
  ...connections,
  ...sessions,
  ...computer,
]
