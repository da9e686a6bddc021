import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { root } from './runtime.ts'

export interface Step {
  readonly name: string
  readonly command: string
  /** Which program writes a report of its tests; null for steps that have none. */
  readonly runner: 'vitest' | 'playwright' | null
  /** It needs time rather than cores, and may run beside others. */
  readonly waits: boolean
}

export interface Count {
  readonly passed: number
  readonly failed: number
}

const manifestSchema = z.object({ scripts: z.record(z.string(), z.string()) })

/** What `npm run check` does, step by step, then the rest; package.json stays the one list. */
export function readSteps(): readonly Step[] {
  const text = readFileSync(join(root, 'package.json'), 'utf8')
  const { scripts } = manifestSchema.parse(JSON.parse(text))
  const checked = (scripts.check ?? '').split('&&').map((each) => each.trim().split(' ').at(-1))
  const names = [...checked, 'test:conformance', 'test:faults', 'test:soak', 'test:e2e']
  return names.map((name = '') => {
    const command = scripts[name]
    if (command === undefined) throw new Error(`package.json has no script "${name}"`)
    return { name, command, runner: runnerOf(command), waits: name === 'test:soak' }
  })
}

function runnerOf(command: string): Step['runner'] {
  if (command.startsWith('vitest ')) return 'vitest'
  return command.startsWith('playwright ') ? 'playwright' : null
}

/** The command that also writes a report for us, and the environment that says where. */
export function reporting(step: Step, file: string): { command: string; env: NodeJS.ProcessEnv } {
  switch (step.runner) {
    case 'vitest': {
      const reporters = `--reporter=default --reporter=json --outputFile.json="${file}"`
      return { command: `${step.command} --passWithNoTests ${reporters}`, env: {} }
    }
    case 'playwright':
      return {
        command: `${step.command} --reporter=list,json`,
        env: { PLAYWRIGHT_JSON_OUTPUT_NAME: file },
      }
    case null:
      return { command: step.command, env: {} }
  }
}

const vitestSchema = z.object({ numPassedTests: z.number(), numFailedTests: z.number() })
const playwrightSchema = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number() }),
})

/** The tests of one step. A step that failed without a failed test counts as one. */
export function readCount(step: Step, file: string, ok: boolean): Count {
  const { passed, failed } = existsSync(file)
    ? parseReport(step, JSON.parse(readFileSync(file, 'utf8')))
    : { passed: 0, failed: 0 }
  return { passed, failed: ok ? failed : Math.max(failed, 1) }
}

function parseReport(step: Step, report: unknown): Count {
  if (step.runner === 'vitest') {
    const { numPassedTests, numFailedTests } = vitestSchema.parse(report)
    return { passed: numPassedTests, failed: numFailedTests }
  }
  const { stats } = playwrightSchema.parse(report)
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky }
}
