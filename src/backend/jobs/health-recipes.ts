import { code, date, decimal, instant, integer, text } from './fields.ts'
import type { Recipe } from './recipe.ts'
import { healthTenantId as tenantId } from './tenants.ts'
import { translatedDocument } from './translated-document.ts'

const patient = code(/^P-\d{5}$/, 'a patient number')

const claims = {
  kind: 'ETL',
  tenantId,
  unit: 'rows',
  steps: ['Connect', 'Extract', 'Validate', 'Load'],
  fields: {
    claim: code(/^C\d{7}$/, 'a claim number'),
    patient,
    procedure: text(20),
    amount_eur: decimal(),
    treated_on: date(),
  },
  transform: (row) => ({
    ...row,
    patient_id: row.patient ?? null,
    procedure_code: row.procedure ?? null,
  }),
  target: {
    table: 'claims',
    columns: {
      claim: 'text',
      patient_id: 'text',
      procedure_code: 'text',
      amount_eur: 'numeric',
      treated_on: 'date',
    },
    groupBy: 'left(procedure_code, 3)',
    amount: 'amount_eur',
  },
} as const satisfies Partial<Recipe>

const visits = {
  kind: 'ETL',
  tenantId,
  unit: 'rows',
  fields: {
    visit: text(20),
    patient,
    purpose: text(40),
    starts_at: instant(),
    minutes: integer(),
  },
  transform: (row) => ({ ...row, patient_id: row.patient ?? null }),
  target: {
    table: 'visits',
    columns: {
      visit: 'text',
      patient_id: 'text',
      purpose: 'text',
      starts_at: 'timestamptz',
      minutes: 'integer',
    },
    groupBy: 'purpose',
    amount: 'minutes',
  },
} as const satisfies Partial<Recipe>

const fromEnglish = { tenantId, glossary: 'glossary-en-fr.csv' }

export const healthRecipes: readonly Recipe[] = [
  {
    key: 'lab-results',
    name: 'Lab results sync',
    kind: 'ETL',
    tenantId,
    files: ['lab-results.csv', 'lab-results.csv', 'lab-results-night.csv'],
    unit: 'rows',
    rowsPerSecond: 95,
    steps: ['Connect', 'Extract', 'Validate', 'Load'],
    fields: {
      specimen: code(/^S\d{6}$/, 'a specimen number'),
      patient,
      test: text(8),
      value: decimal(),
      unit: text(12),
      low: decimal(),
      high: decimal(),
      taken_at: instant(),
    },
    transform: (row) => ({
      ...row,
      patient_id: row.patient ?? null,
      out_of_range: Number(row.value) < Number(row.low) || Number(row.value) > Number(row.high),
    }),
    remark: { when: (row) => row.out_of_range === true, text: 'out of range, flagged' },
    target: {
      table: 'lab_results',
      columns: {
        specimen: 'text',
        patient_id: 'text',
        test: 'text',
        value: 'numeric',
        unit: 'text',
        out_of_range: 'boolean',
        taken_at: 'timestamptz',
      },
      groupBy: 'test',
      amount: null,
    },
  },
  {
    ...claims,
    key: 'claims-2026-11',
    name: 'Claims 2026-11',
    files: ['claims-2026-11.csv', 'claims-2026-11-late.csv', 'claims-2026-11.csv'],
    rowsPerSecond: 75,
  },
  translatedDocument({
    ...fromEnglish,
    key: 'patient-letters-en-fr',
    name: 'Patient letters en → fr',
    files: ['patient-letters-en.csv'],
    rowsPerSecond: 16,
  }),
  {
    key: 'formulary',
    name: 'Formulary refresh',
    kind: 'ETL',
    tenantId,
    files: ['formulary.csv'],
    unit: 'rows',
    rowsPerSecond: 65,
    steps: ['Connect', 'Extract', 'Transform', 'Load'],
    fields: {
      code: text(16),
      name: text(80),
      form: text(20),
      strength_mg: decimal(),
      price_eur: decimal(),
    },
    transform: (row) => ({ ...row, name: `${String(row.name)} ${String(row.form)}` }),
    target: {
      table: 'formulary',
      columns: {
        code: 'text',
        name: 'text',
        form: 'text',
        strength_mg: 'numeric',
        price_eur: 'numeric',
      },
      groupBy: 'form',
      amount: 'price_eur',
    },
  },
  {
    ...visits,
    key: 'appointments',
    name: 'Appointments',
    files: ['appointments.csv'],
    rowsPerSecond: 60,
    steps: ['Connect', 'Extract', 'Validate', 'Load', 'Aggregate'],
  },
  {
    ...claims,
    key: 'claims-2026-10',
    name: 'Claims 2026-10',
    files: ['claims-2026-10.csv'],
    rowsPerSecond: 85,
  },
  {
    ...visits,
    key: 'vaccinations',
    name: 'Vaccination plan',
    files: ['vaccinations.csv'],
    rowsPerSecond: 40,
    steps: ['Extract', 'Load', 'Aggregate'],
  },
  translatedDocument({
    ...fromEnglish,
    key: 'leaflets-en-fr',
    name: 'Leaflets en → fr',
    files: ['leaflets-en.csv'],
    rowsPerSecond: 14,
  }),
]
