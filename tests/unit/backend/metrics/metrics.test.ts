import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { registerMetrics } from '../../../../src/backend/metrics/metrics-routes.ts'
import { createMetrics, type Reading } from '../../../../src/backend/metrics/metrics.ts'

const apps: FastifyInstance[] = []
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close()
})

function serve(token: string | null, readings: () => readonly Reading[] = () => []) {
  const metrics = createMetrics()
  metrics.add(readings)
  const app = fastify()
  apps.push(app)
  registerMetrics(app, { metrics, token })
  app.get('/jobs/:job', () => 'here')
  return { app, metrics }
}

const sockets = (kind: string, value: number): Reading => ({
  name: 'sockets',
  help: 'Open sockets',
  labels: { kind },
  value,
})

describe('the metrics', () => {
  it('are figures of this moment, and what is gone is not reported', async () => {
    let now = [sockets('progress', 3), sockets('stream', 2)]
    const { app } = serve(null, () => now)
    const first = await app.inject('/metrics')
    expect(first.headers['content-type']).toContain('text/plain')
    expect(first.body).toContain('signalbox_sockets{kind="progress"} 3')
    expect(first.body).toContain('signalbox_sockets{kind="stream"} 2')
    now = [sockets('progress', 1)]
    const second = await app.inject('/metrics')
    expect(second.body).toContain('signalbox_sockets{kind="progress"} 1')
    expect(second.body).not.toContain('kind="stream"')
  })

  it('count requests by the pattern of their route, never by an id', async () => {
    const { app } = serve(null)
    await app.inject('/jobs/secret-job?token=abc')
    await app.inject('/nowhere/at-all')
    const { body } = await app.inject('/metrics')
    expect(body).toContain('route="/jobs/:job",status="200"')
    expect(body).toContain('route="none",status="404"')
    expect(body).not.toMatch(/secret-job|abc|at-all/)
  })

  it('count refusals by reason', async () => {
    const { app, metrics } = serve(null)
    metrics.refused('token_expired')
    metrics.refused('token_expired')
    const { body } = await app.inject('/metrics')
    expect(body).toContain('signalbox_credentials_refused_total{reason="token_expired"} 2')
  })

  it('are for this computer only, and not for what a proxy passes on', async () => {
    const { app } = serve(null)
    const far = await app.inject({ url: '/metrics', remoteAddress: '203.0.113.9' })
    expect(far.statusCode).toBe(403)
    const passedOn = await app.inject({
      url: '/metrics',
      headers: { 'x-forwarded-for': '203.0.113.9' },
    })
    expect(passedOn.statusCode).toBe(403)
  })

  it('with a token are for who brings it', async () => {
    const { app } = serve('a-long-token')
    const get = (authorization?: string) =>
      app.inject({
        url: '/metrics',
        ...(authorization === undefined ? {} : { headers: { authorization } }),
      })
    expect((await get()).statusCode).toBe(403)
    expect((await get('Bearer wrong')).statusCode).toBe(403)
    expect((await get('Bearer a-long-token')).statusCode).toBe(200)
  })
})
