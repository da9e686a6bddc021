import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readFaultTable } from '../../../scripts/fault-table.ts'
import { root } from '../../../scripts/runtime.ts'
import { catalogue } from '../../faults/catalogue.ts'

const numbers = Array.from({ length: 72 }, (_, index) => index + 1)

describe('the catalogue of faults', () => {
  it('has all 72, in order', () => {
    expect(catalogue.map(({ number }) => number)).toEqual(numbers)
  })

  it('has a test for each of them', () => {
    const folder = join(root, 'tests/faults')
    const text = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.test\.tsx?$/.test(name))
      .map((name) => readFileSync(join(folder, name), 'utf8'))
      .join('\n')
    const tested = [...text.matchAll(/fault\(\s*(\d+),|\[\s*(\d+),\s*'/g)].map(([, one, other]) =>
      Number(one ?? other),
    )
    expect(numbers.filter((number) => !tested.includes(number))).toEqual([])
  })
})

describe('the table of faults', () => {
  let folder = ''
  let file = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'signalbox-table-'))
    file = join(folder, 'report.json')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const test = (fault: number, seen: string, status = 'passed') => ({
    title: `F${fault} of some kind`,
    status,
    meta: status === 'passed' ? { fault, seen } : {},
  })
  const report = (...tests: ReturnType<typeof test>[]): void => {
    writeFileSync(file, JSON.stringify({ testResults: [{ assertionResults: tests }] }))
  }

  it('says what was seen of each, all tests of one together', () => {
    report(...numbers.map((number) => test(number, `seen ${number}`)), test(3, 'and more'))
    const { lines, missing } = readFaultTable(file)
    expect(missing).toEqual([])
    expect(lines).toHaveLength(73)
    expect(lines[3]).toBe(
      'F3 · half-open: the peer is silent · found within 12 s, ended, dialled again · seen 3; and more',
    )
  })

  it('shows three facts of one, and how many more there are', () => {
    report(...['a', 'b', 'c', 'd', 'e', 'a'].map((seen) => test(1, seen)))
    expect(readFaultTable(file).lines[1]).toMatch(/· a; b; c; and 2 more$/)
  })

  it('misses what was not tried, and what failed although another test of it passed', () => {
    report(...numbers.slice(1).map((number) => test(number, 'seen')), test(9, '', 'failed'))
    const { lines, missing } = readFaultTable(file)
    expect(missing).toEqual([1, 9])
    expect(lines[1]).toMatch(/· NOT TRIED$/)
    expect(lines[9]).toMatch(/· FAILED$/)
  })

  it('misses everything where no report was written', () => {
    expect(readFaultTable(file).missing).toEqual(numbers)
  })
})
