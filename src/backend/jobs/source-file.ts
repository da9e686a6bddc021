import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { RowError, type SourceRow } from './fields.ts'

/** Where the bundled data set lies. */
export const sampleDataDir = resolve(import.meta.dirname, '../../../resources/sample-data')

/** A source that was connected to: its size is known, its rows are not parsed yet. */
export interface SourceFile {
  readonly name: string
  /** Rows, header not counted. */
  readonly rowCount: number
  /** Row `index` counted from 0. @throws RowError when the line is not a row. */
  readonly row: (index: number) => SourceRow
}

/** Opens a `.csv` (with a header) or `.ndjson` file of the data set. */
export async function openSource(name: string, dir = sampleDataDir): Promise<SourceFile> {
  const content = await readFile(resolve(dir, name), 'utf8')
  const lines = content.split('\n').filter((line) => line !== '')
  if (name.endsWith('.ndjson')) {
    return { name, rowCount: lines.length, row: (index) => ndjsonRow(lines[index] ?? '', index) }
  }
  const [header = '', ...rows] = lines
  const columns = splitCsvLine(header) ?? []
  return { name, rowCount: rows.length, row: (index) => csvRow(columns, rows[index] ?? '', index) }
}

/** The whole file as text by column, for small ones. */
export async function readSource(name: string, dir = sampleDataDir): Promise<SourceRow[]> {
  const source = await openSource(name, dir)
  return Array.from({ length: source.rowCount }, (_, index) => source.row(index))
}

function csvRow(columns: readonly string[], line: string, index: number): SourceRow {
  const cells = splitCsvLine(line)
  if (cells === null) throw new RowError(index + 1, null, 'a quote is not closed')
  if (cells.length !== columns.length) {
    throw new RowError(index + 1, null, `${cells.length} fields instead of ${columns.length}`)
  }
  return {
    number: index + 1,
    values: Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? null])),
  }
}

/** One line of RFC 4180, which has no line breaks inside quotes here. Null: an open quote. */
export function splitCsvLine(line: string): string[] | null {
  if (!line.includes('"')) return line.split(',')
  const cells: string[] = []
  let at = 0
  while (at <= line.length) {
    if (line[at] !== '"') {
      const comma = line.indexOf(',', at)
      const end = comma < 0 ? line.length : comma
      cells.push(line.slice(at, end))
      at = end + 1
      continue
    }
    const match = /^"((?:[^"]|"")*)"(?:,|$)/.exec(line.slice(at))
    if (match === null) return null
    cells.push((match[1] ?? '').replaceAll('""', '"'))
    at += match[0].length
    if (!match[0].endsWith(',')) break
  }
  return cells
}

function ndjsonRow(line: string, index: number): SourceRow {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw new RowError(index + 1, null, 'is not valid JSON')
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new RowError(index + 1, null, 'is not a JSON object')
  }
  const values = Object.entries(parsed).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'string' ? value : value === null ? null : JSON.stringify(value),
  ])
  return { number: index + 1, values: Object.fromEntries(values) as Record<string, string | null> }
}
