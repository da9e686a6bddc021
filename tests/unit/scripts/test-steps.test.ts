import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readCount, readSteps, type Step } from '../../../scripts/test-steps.ts'

describe('the steps of npm test', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-steps-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const report = (body: unknown): string => {
    const path = join(folder, 'report.json')
    writeFileSync(path, JSON.stringify(body))
    return path
  }
  const step = (runner: Step['runner']): Step => ({
    name: 'x',
    command: 'x',
    runner,
    waits: false,
  })

  it('are those of npm run check, then conformance, faults, soak and e2e', () => {
    expect(readSteps().map(({ name }) => name)).toEqual([
      'format:check',
      'lint',
      'typecheck',
      'unused',
      'test:unit',
      'test:integration',
      'test:conformance',
      'test:faults',
      'test:soak',
      'test:e2e',
    ])
  })

  it('run one after the other, but for the soak, which needs minutes and no core', () => {
    const beside = readSteps().filter(({ waits }) => waits)
    expect(beside.map(({ name }) => name)).toEqual(['test:soak'])
  })

  it('count what vitest and Playwright report', () => {
    const vitest = report({ numPassedTests: 3, numFailedTests: 1 })
    expect(readCount(step('vitest'), vitest, false)).toEqual({ passed: 3, failed: 1 })
    const playwright = report({ stats: { expected: 2, unexpected: 0, flaky: 0, skipped: 0 } })
    expect(readCount(step('playwright'), playwright, true)).toEqual({ passed: 2, failed: 0 })
  })

  it('count as one failure when they fail without a failed test', () => {
    expect(readCount(step(null), join(folder, 'none'), false)).toEqual({ passed: 0, failed: 1 })
    const vitest = report({ numPassedTests: 3, numFailedTests: 0 })
    expect(readCount(step('vitest'), vitest, false)).toEqual({ passed: 3, failed: 1 })
  })

  it('count a test that passed only at the second try as failed', () => {
    const file = report({ stats: { expected: 2, unexpected: 0, flaky: 1 } })
    expect(readCount(step('playwright'), file, true)).toEqual({ passed: 2, failed: 1 })
  })
})
