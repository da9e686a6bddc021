import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { ESLint } from 'eslint'
import { describe, expect, it } from 'vitest'

const root = new URL('../..', import.meta.url).pathname
// With CI set, typescript-eslint would expect every file once and as it is on disk.
const parserOptions = { disallowAutomaticSingleRunInference: true }
const eslint = new ESLint({ cwd: root, overrideConfig: { languageOptions: { parserOptions } } })

/** Lints `code` as if it were the text of a file that exists in the tree. */
async function complaints(file: string, code: string): Promise<string[]> {
  const [result] = await eslint.lintText(code, { filePath: `${root}${file}` })
  return (result?.messages ?? []).flatMap((message) => message.ruleId ?? [])
}

// The first one reads every type there is.
describe('the fences between rooms', { timeout: 60_000 }, () => {
  it('hold no import of electron or keytar outside host, the porch and the preload', () => {
    const files = execFileSync('git', ['ls-files', 'src'], { cwd: root, encoding: 'utf8' })
      .split('\n')
      .filter((file) => /\.(ts|tsx)$/.test(file))
    const allowed = /^src\/(main\/host\/|main\/index\.ts$|preload\/)/
    const found = files.filter(
      (file) =>
        !allowed.test(file) &&
        /(from|import|require)\s*\(?\s*['"](electron|keytar)/.test(
          readFileSync(`${root}${file}`, 'utf8'),
        ),
    )
    expect(files.length).toBeGreaterThan(20)
    expect(found).toEqual([])
  })

  it.each([
    ['src/main/lib/scope.ts', "import { app } from 'electron'\nexport const a = app\n"],
    ['src/main/sources/source.ts', "import keytar from 'keytar'\nexport const a = keytar\n"],
    ['src/shared/job.ts', "import { app } from 'electron'\nexport const a = app\n"],
    [
      'src/shared/job.ts',
      "import { readFileSync } from 'node:fs'\nexport const a = readFileSync\n",
    ],
    [
      'src/main/sources/source.ts',
      "import { x } from '../session/operator-session.ts'\nexport const a = x\n",
    ],
    [
      'src/main/jobs/job-store.ts',
      "import { x } from '../sources/source.ts'\nexport const a = x\n",
    ],
    [
      'src/main/jobs/job-store.ts',
      "import { x } from '../offline/snapshot.ts'\nexport const a = x\n",
    ],
    [
      'src/main/offline/snapshot.ts',
      "import { x } from '../session/operator-session.ts'\nexport const a = x\n",
    ],
    [
      'src/main/offline/snapshot.ts',
      "import { x } from '../sources/source.ts'\nexport const a = x\n",
    ],
    ['src/main/app.ts', "import { x } from './host/window.ts'\nexport const a = x\n"],
    ['src/backend/backend.ts', "import { x } from '../main/ports.ts'\nexport const a = x\n"],
    ['src/renderer/ipc/client.ts', "import { x } from '../../main/ports.ts'\nexport const a = x\n"],
  ])('complain about a planted import in %s', async (file, code) => {
    expect(await complaints(file, code)).toContain('no-restricted-imports')
  })

  it.each([
    ['src/main/lib/scope.ts', "export const a = await import('electron')\n"],
    ['src/main/lib/scope.ts', 'setTimeout(() => undefined, 1)\n'],
  ])('complain about a planted escape in %s', async (file, code) => {
    expect(await complaints(file, code)).toContain('no-restricted-syntax')
  })
})
