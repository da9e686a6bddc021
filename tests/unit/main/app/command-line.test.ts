import { describe, expect, it } from 'vitest'
import { parseCommandLine } from '../../../../src/main/command-line.ts'

const none = { profileFile: null, userDataDir: null, ipcTrace: null, demo: true }

describe('the command line', () => {
  it('is empty by default', () => {
    expect(parseCommandLine([])).toEqual({ ok: true, value: none })
  })

  it('takes a value after the flag or behind "="', () => {
    expect(
      parseCommandLine([
        '--profile-file',
        'a.json',
        '--user-data-dir=/tmp/x=y',
        '--no-demo',
        '--ipc-trace',
        't.jsonl',
      ]),
    ).toEqual({
      ok: true,
      value: { profileFile: 'a.json', userDataDir: '/tmp/x=y', ipcTrace: 't.jsonl', demo: false },
    })
  })

  it('lets the last of a repeated flag count', () => {
    expect(parseCommandLine(['--profile-file', 'a', '--profile-file', 'b'])).toMatchObject({
      value: { profileFile: 'b' },
    })
  })

  it('leaves the flags of Electron and Chromium alone', () => {
    const foreign = ['.', '--no-sandbox', '--remote-debugging-port=0', '--lang', 'de', '--inspect']
    expect(parseCommandLine(foreign)).toEqual({ ok: true, value: none })
  })

  it('reads nothing behind "--"', () => {
    expect(parseCommandLine(['--', '--no-demo'])).toEqual({ ok: true, value: none })
  })

  it.each([
    [['--profile-file']],
    [['--profile-file', '--no-demo']],
    [['--profile-file=']],
    [['--profile-file', '']],
  ])('names the flag that lacks its value: %j', (args) => {
    expect(parseCommandLine(args)).toMatchObject({
      ok: false,
      failure: {
        code: 'argument_invalid',
        field: '--profile-file',
        message: '--profile-file needs a value after it.',
      },
    })
  })
})
