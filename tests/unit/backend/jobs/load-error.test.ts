import { describe, expect, it } from 'vitest'
import { RowError } from '../../../../src/backend/jobs/fields.ts'
import { readableFault } from '../../../../src/backend/jobs/load-error.ts'

const refusal = (fields: object): Error => Object.assign(new Error('from PostgreSQL'), fields)

describe('a refused batch', () => {
  it.each([
    [
      { code: '23505', detail: 'Key (run_id, carrier, lane)=(r/1, MAEU, A-B) already exists.' },
      { code: 'duplicate_key', message: 'duplicate key (carrier, lane): MAEU, A-B, rows 1 to 9' },
    ],
    [
      { code: '23503', detail: 'Key (patient_id)=(P-1) is not present in table "patients".' },
      { code: 'unknown_reference', message: 'unknown patient_id P-1, rows 1 to 9' },
    ],
    [
      { code: '23514', constraint: 'rate_above_zero', detail: 'Failing row contains (secret).' },
      { code: 'check_failed', message: 'check "rate above zero" failed, rows 1 to 9' },
    ],
    [
      { code: '23502', column: 'unit' },
      { code: 'value_missing', message: 'unit is empty, rows 1 to 9' },
    ],
  ])('is said in words, without the row’s other contents', (fields, fault) => {
    expect(readableFault(refusal(fields), 'rows 1 to 9')).toEqual(fault)
  })

  it('names the row where one is known', () => {
    expect(readableFault(new RowError(3, 'rate_eur', 'is empty'), 'rows 1 to 9')).toEqual({
      code: 'row_malformed',
      message: 'row 3, field rate_eur: is empty',
    })
  })

  it('is no fault of the data when the database broke', () => {
    expect(readableFault(refusal({ code: '57P01' }), '')).toBeNull()
    expect(readableFault(refusal({ code: 'ECONNRESET' }), '')).toBeNull()
    expect(readableFault(new TypeError('a bug'), '')).toBeNull()
  })
})
