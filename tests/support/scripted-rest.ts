/** A row of the table that `ScriptedRealtime` serves. */
export type Row = Readonly<Record<string, unknown>>

type Test = (row: Row) => boolean

/** What the console asks of PostgREST, answered from rows: filters, order and limit of its addresses. */
export function answerQuery(rows: Iterable<Row>, query: URLSearchParams): Row[] {
  const tests: Test[] = []
  for (const [name, value] of query) {
    if (name === 'select' || name === 'order' || name === 'limit') continue
    tests.push(name === 'or' ? furtherThan(value) : testOf(name, value))
  }
  const isNewest = query.get('order')?.includes('.desc') === true
  const columns = query.get('select')?.split(',') ?? []
  return [...rows]
    .filter((row) => tests.every((test) => test(row)))
    .sort((a, b) => (isNewest ? -1 : 1) * compare(a, b, 'updated_at') || compare(a, b, 'id'))
    .slice(0, Number(query.get('limit')))
    .map((row) => Object.fromEntries(columns.map((name) => [name, row[name] ?? null])))
}

function testOf(column: string, value: string): Test {
  const [, operator = '', operand = ''] = /^(\w+)\.(.*)$/s.exec(value) ?? []
  switch (operator) {
    case 'eq':
      return (row) => String(row[column]) === operand
    case 'gte':
      return (row) => microsOf(row[column]) >= microsOf(operand)
    case 'is':
      return (row) => (row[column] ?? null) === null
    case 'in': {
      const list = JSON.parse(`[${operand.slice(1, -1)}]`) as string[]
      return (row) => list.includes(String(row[column]))
    }
    default:
      throw new Error(`the scripted server knows no ${column}=${value}`)
  }
}

/** `(updated_at.gt."t",and(updated_at.eq."t",id.gt."x"))` */
function furtherThan(value: string): Test {
  const [, word = '', time = '', id = ''] =
    /^\(\w+\.(gt|lt)\."([^"]+)",and\(\w+\.eq\."[^"]+",\w+\.gt\."([^"]+)"\)\)$/.exec(value) ?? []
  if (word === '') throw new Error(`the scripted server knows no or=${value}`)
  const sign = word === 'gt' ? 1 : -1
  return (row) => {
    const apart = (microsOf(row.updated_at) - microsOf(time)) * sign
    return apart > 0 || (apart === 0 && String(row.id) > id)
  }
}

function compare(a: Row, b: Row, column: string): number {
  const [one, other] = [String(a[column]), String(b[column])]
  return one < other ? -1 : Number(one > other)
}

function microsOf(time: unknown): number {
  const text = String(time)
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? ''
  return Date.parse(text.replace(/\.\d+/, '')) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6))
}
