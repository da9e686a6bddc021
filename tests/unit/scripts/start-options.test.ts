import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseStartOptions } from '../../../scripts/start-options.ts'

describe('the line of npm start', () => {
  it('opens the demo when nothing is said', () => {
    expect(parseStartOptions([])).toEqual({
      demo: true,
      userDataDir: null,
      profileFile: null,
      screenshot: null,
      load: null,
      rest: [],
    })
  })

  it('takes its own flags in both spellings and leaves the others to the app', () => {
    const args = [
      '--screenshot',
      'a.png',
      '--user-data-dir=data',
      '--ipc-trace',
      'trace',
      '--no-demo',
    ]
    expect(parseStartOptions(args)).toEqual({
      demo: false,
      userDataDir: resolve('data'),
      profileFile: null,
      screenshot: resolve('a.png'),
      load: null,
      rest: ['--ipc-trace', 'trace'],
    })
  })

  it.each([[['--screenshot']], [['--profile-file', '--no-demo']], [['--user-data-dir=']]])(
    'names the flag that has no value: %j',
    (args) => {
      expect(() => parseStartOptions(args)).toThrow(/^--[a-z-]+ needs a value after it$/)
    },
  )
})
