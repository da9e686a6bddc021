import type { FaultProxy } from '../support/fault-proxy.ts'
import type { SoakConsole } from './soak-console.ts'

/** Something that goes wrong until all is mended, or until it is over by itself. */
export interface SoakFault {
  readonly name: string
  /** What happens on the way, in the process of the other end. */
  readonly proxy?: (proxy: FaultProxy) => void
  /** What happens to the computer, in the process of the console. */
  readonly console?: (console: SoakConsole) => void
}

/** As many as there are, and no limit. */
const always = { times: Number.MAX_SAFE_INTEGER }

/** Each of them may come at any moment, over whatever the one before it left. */
export const soakFaults: readonly SoakFault[] = [
  { name: 'every connection is reset', proxy: (proxy) => proxy.cut('rst') },
  { name: 'every connection ends without a word', proxy: (proxy) => proxy.cut('fin') },
  {
    name: 'nothing comes through to the console',
    proxy: (proxy) => proxy.silence('client'),
  },
  {
    name: 'nothing comes through to the server',
    proxy: (proxy) => proxy.silence('server'),
  },
  {
    name: 'connections are refused',
    proxy: (proxy) => {
      proxy.rule({ on: 'connect', ...always }, { act: 'cut', how: 'rst' })
      proxy.cut('rst')
    },
  },
  {
    name: 'connections are taken and never answered',
    proxy: (proxy) => {
      proxy.rule({ on: 'connect', ...always }, { act: 'never-answer' })
      proxy.cut('rst')
    },
  },
  {
    name: 'the gateway is going',
    proxy: (proxy) => proxy.close(1001, 'server_going'),
  },
  { name: 'the server asks for patience', proxy: (proxy) => proxy.close(1013, 'too_slow') },
  {
    name: 'the token is called expired',
    proxy: (proxy) => proxy.close(1008, 'token_expired'),
  },
  {
    name: 'upgrades meet a proxy that is down',
    proxy: (proxy) => {
      proxy.rule({ on: 'upgrade', ...always }, { act: 'respond', status: 503 })
      proxy.cut('rst')
    },
  },
  {
    name: 'a captive portal stands in between',
    proxy: (proxy) => {
      const page = { status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Welcome' }
      proxy.rule({ on: 'upgrade', ...always }, { act: 'respond', ...page })
      proxy.rule({ on: 'request', ...always }, { act: 'respond', ...page })
      proxy.cut('rst')
    },
  },
  {
    name: 'frames are lost',
    proxy: (proxy) => {
      proxy.rule({ on: 'to-client', times: 5 }, { act: 'drop' })
    },
  },
  {
    name: 'a frame is no JSON',
    proxy: (proxy) => {
      proxy.rule({ on: 'to-client' }, { act: 'replace', text: '{"type":"event",' })
    },
  },
  {
    name: 'a frame comes twice',
    proxy: (proxy) => {
      proxy.rule(
        { on: 'to-client', when: ({ text }) => text?.includes('"seq"') === true },
        { act: 'inject', to: 'client', text: '{"type":"unknown"}' },
      )
    },
  },
  {
    name: 'the way is slow',
    proxy: (proxy) => {
      proxy.slowness = { latencyMs: () => 400 }
    },
  },
  {
    name: 'the computer wakes',
    console: (console) => {
      console.power.suspend()
      console.power.resume()
    },
  },
  {
    name: 'the network is gone',
    console: ({ network }) => {
      network.online = false
    },
    proxy: (proxy) => {
      proxy.rule({ on: 'connect', ...always }, { act: 'cut', how: 'rst' })
      proxy.cut('rst')
    },
  },
]

/** Everything is well again; what broke stays broken until it is dialled anew. */
export function mendProxy(proxy: FaultProxy): void {
  proxy.clearRules()
  proxy.slowness = {}
  proxy.mode = 'pass'
}

export function mendConsole({ network }: SoakConsole): void {
  network.online = true
}
