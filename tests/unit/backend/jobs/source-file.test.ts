import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openSource, splitCsvLine } from '../../../../src/backend/jobs/source-file.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'signalbox-source-'))
})
afterAll(() => rm(dir, { recursive: true }))

const open = async (name: string, content: string) => {
  await writeFile(join(dir, name), content)
  return openSource(name, dir)
}

describe('a CSV file', () => {
  it('knows its rows before they are read, and numbers them without the header', async () => {
    const source = await open('a.csv', 'id,name\n1,"Müller, K."\n2,plain\n')
    expect(source.rowCount).toBe(2)
    expect(source.row(0)).toEqual({ number: 1, values: { id: '1', name: 'Müller, K.' } })
    expect(source.row(1).number).toBe(2)
  })

  it('names a row that is cut off or has fields too many', async () => {
    const source = await open('b.csv', 'id,name\n1,"open\n2,a,b\n')
    expect(() => source.row(0)).toThrow('row 1: a quote is not closed')
    expect(() => source.row(1)).toThrow('row 2: 3 fields instead of 2')
  })

  it.each([
    ['a,b,c', ['a', 'b', 'c']],
    ['"a","b"', ['a', 'b']],
    ['"say ""hi""",', ['say "hi"', '']],
    ['a,"b,c",d', ['a', 'b,c', 'd']],
    ['', ['']],
    ['"a"b,c', null],
  ])('splits %j', (line, cells) => {
    expect(splitCsvLine(line)).toEqual(cells)
  })
})

describe('an NDJSON file', () => {
  it('reads one object a line, and names the line that is none', async () => {
    const source = await open('c.ndjson', '{"key":"A-1","points":3,"who":null}\n{"key":\n[1]\n')
    expect(source.row(0).values).toEqual({ key: 'A-1', points: '3', who: null })
    expect(() => source.row(1)).toThrow('row 2: is not valid JSON')
    expect(() => source.row(2)).toThrow('row 3: is not a JSON object')
  })
})
