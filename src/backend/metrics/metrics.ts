import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** A figure as it stands at the moment somebody looks. */
export interface Reading {
  /** Without the prefix `signalbox_`. */
  readonly name: string
  readonly help: string
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** What a room knows of itself; asked at every look, so it must be cheap. */
export type Readings = () => readonly Reading[] | Promise<readonly Reading[]>

/** Figures in Prometheus' text format. Labels never hold a user, a token or a path with an id. */
export interface Metrics {
  /** `route` is the pattern, not the address. */
  answered: (request: { method: string; route: string; status: number; seconds: number }) => void
  /** A credential was refused, for one of the reasons of gateway-protocol §1. */
  refused: (reason: string) => void
  add: (readings: Readings) => void
  readonly contentType: string
  text: () => Promise<string>
}

const prefix = 'signalbox_'
const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]

export function createMetrics(): Metrics {
  const registry = new Registry()
  const rooms: Readings[] = []
  const gauges = new Map<string, Gauge>()
  collectDefaultMetrics({ register: registry })
  const durations = new Histogram({
    name: `${prefix}http_request_duration_seconds`,
    help: 'Time from a request to its answer',
    labelNames: ['method', 'route', 'status'],
    buckets: secondsBuckets,
    registers: [registry],
  })
  const refusals = new Counter({
    name: `${prefix}credentials_refused_total`,
    help: 'Credentials refused, by reason',
    labelNames: ['reason'],
    registers: [registry],
  })
  const gaugeOf = ({ name, help, labels = {} }: Reading): Gauge => {
    const known = gauges.get(name)
    if (known !== undefined) return known
    const labelNames = Object.keys(labels)
    const gauge = new Gauge({ name: prefix + name, help, labelNames, registers: [registry] })
    gauges.set(name, gauge)
    return gauge
  }
  return {
    answered: ({ method, route, status, seconds }) => {
      durations.observe({ method, route, status: String(status) }, seconds)
    },
    refused: (reason) => refusals.inc({ reason }),
    add: (readings) => void rooms.push(readings),
    contentType: registry.contentType,
    text: async () => {
      const read = await Promise.all(rooms.map(async (readings) => readings()))
      // What a room no longer names has gone, and must not be reported as it was.
      for (const gauge of gauges.values()) gauge.reset()
      for (const reading of read.flat()) gaugeOf(reading).set(reading.labels ?? {}, reading.value)
      return registry.metrics()
    },
  }
}
