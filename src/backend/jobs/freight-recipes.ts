import { code, date, decimal, instant, optional, text, type Row } from './fields.ts'
import type { Recipe, Target } from './recipe.ts'
import { freightTenantId as tenantId } from './tenants.ts'
import { translatedDocument } from './translated-document.ts'

const scac = code(/^[A-Z]{4}$/, 'a carrier code (four letters)')
const dayMs = 86_400_000

const shipmentEvents = {
  kind: 'ETL',
  tenantId,
  unit: 'rows',
  rowsPerSecond: 140,
  steps: ['Connect', 'Extract', 'Validate', 'Load', 'Aggregate'],
  fields: {
    shipment: code(/^SH\d{7}$/, 'a shipment number'),
    event: text(20),
    carrier: scac,
    facility: code(/^[A-Z]{5}$/, 'a UN/LOCODE'),
    at: instant(),
  },
  target: {
    table: 'shipment_events',
    columns: {
      shipment: 'text',
      event: 'text',
      carrier: 'text',
      facility: 'text',
      at: 'timestamptz',
    },
    groupBy: 'carrier',
    amount: null,
  },
} as const satisfies Partial<Recipe>

const ticketTarget: Target = {
  table: 'tickets',
  columns: {
    key: 'text',
    source: 'text',
    type: 'text',
    state: 'text',
    assignee: 'text',
    opened_at: 'timestamptz',
    closed_at: 'timestamptz',
    age_days: 'numeric',
  },
  merge: `on conflict (run_id, key) do update
    set state = excluded.state, assignee = excluded.assignee, closed_at = excluded.closed_at`,
  groupBy: 'state',
  amount: 'age_days',
}

const ticket =
  (source: 'jira' | 'github') =>
  (row: Row): Row => {
    const openedMs = Date.parse(String(row.opened))
    const closedMs = row.closed === null ? null : Date.parse(String(row.closed))
    return {
      ...row,
      source,
      opened_at: row.opened ?? null,
      closed_at: row.closed ?? null,
      age_days: closedMs === null ? null : Math.round(((closedMs - openedMs) / dayMs) * 100) / 100,
    }
  }

const tickets = {
  kind: 'ETL',
  tenantId,
  unit: 'rows',
  steps: ['Connect', 'Extract', 'Transform', 'Load', 'Aggregate'],
  fields: {
    key: text(80),
    type: text(20),
    state: text(20),
    assignee: optional(text(80)),
    opened: instant(),
    closed: optional(instant()),
  },
  remark: { when: (row) => row.assignee === null, text: 'without assignee, kept' },
  target: ticketTarget,
} as const satisfies Partial<Recipe>

const charges = {
  kind: 'ETL',
  tenantId,
  unit: 'rows',
  fields: {
    reference: text(20),
    carrier: scac,
    charge: text(20),
    amount_eur: decimal(),
    charged_on: date(),
  },
  target: {
    table: 'carrier_charges',
    columns: {
      reference: 'text',
      carrier: 'text',
      charge: 'text',
      amount_eur: 'numeric',
      charged_on: 'date',
    },
    groupBy: 'carrier',
    amount: 'amount_eur',
  },
} as const satisfies Partial<Recipe>

const fromGerman = { tenantId, glossary: 'glossary-de-en.csv' }

export const freightRecipes: readonly Recipe[] = [
  {
    ...shipmentEvents,
    key: 'shipment-events',
    name: 'Shipment events',
    files: ['shipment-events.csv'],
  },
  {
    key: 'carrier-rates',
    name: 'Carrier rates import',
    kind: 'ETL',
    tenantId,
    files: ['carrier-rates-week-47.csv', 'carrier-rates.csv', 'carrier-rates.csv'],
    unit: 'rows',
    rowsPerSecond: 110,
    steps: ['Connect', 'Extract', 'Transform', 'Load', 'Aggregate'],
    fields: {
      carrier: scac,
      lane: code(/^[A-Z]{5}-[A-Z]{5}$/, 'a lane (two UN/LOCODEs)'),
      equipment: text(8),
      rate_eur: decimal(),
      valid_from: date(),
    },
    // Contracts are quoted with handling; tables are kept without.
    transform: (row) => ({ ...row, rate_eur: Math.round(Number(row.rate_eur) * 96) / 100 }),
    target: {
      table: 'carrier_rates',
      columns: {
        carrier: 'text',
        lane: 'text',
        equipment: 'text',
        rate_eur: 'numeric',
        valid_from: 'date',
      },
      groupBy: 'equipment',
      amount: 'rate_eur',
    },
  },
  {
    ...tickets,
    key: 'jira-issues',
    name: 'Jira issues',
    files: ['jira-issues.ndjson', 'jira-issues.ndjson', 'jira-issues-archive.ndjson'],
    rowsPerSecond: 60,
    transform: ticket('jira'),
  },
  translatedDocument({
    ...fromGerman,
    key: 'invoices-de-en',
    name: 'Invoices de → en',
    files: ['invoices-de.csv'],
    rowsPerSecond: 22,
  }),
  {
    ...tickets,
    key: 'github-pull-requests',
    name: 'GitHub pull requests',
    files: ['github-pull-requests.ndjson'],
    rowsPerSecond: 45,
    transform: ticket('github'),
  },
  {
    key: 'customs-tariffs',
    name: 'Customs tariffs',
    kind: 'ETL',
    tenantId,
    files: ['customs-tariffs.csv'],
    unit: 'rows',
    rowsPerSecond: 80,
    steps: ['Connect', 'Extract', 'Load'],
    fields: {
      hs_code: code(/^\d{8}$/, 'a tariff number of eight digits'),
      description: text(),
      duty_percent: decimal(),
      unit: text(8),
    },
    target: {
      table: 'customs_tariffs',
      columns: { hs_code: 'text', description: 'text', duty_percent: 'numeric', unit: 'text' },
      groupBy: 'unit',
      amount: 'duty_percent',
    },
  },
  {
    ...charges,
    key: 'carrier-invoices',
    name: 'Carrier invoices check',
    files: ['carrier-invoices.csv', 'carrier-invoices-corrections.csv', 'carrier-invoices.csv'],
    rowsPerSecond: 70,
    steps: ['Connect', 'Extract', 'Validate', 'Load', 'Aggregate'],
  },
  {
    ...shipmentEvents,
    key: 'shipment-events-rotterdam',
    name: 'Shipment events Rotterdam',
    files: ['shipment-events-rotterdam.csv'],
    rowsPerSecond: 90,
  },
  translatedDocument({
    ...fromGerman,
    key: 'delivery-notes-de-en',
    name: 'Delivery notes de → en',
    files: ['delivery-notes-de.csv'],
    rowsPerSecond: 18,
  }),
  {
    ...charges,
    key: 'fuel-surcharges',
    name: 'Fuel surcharges',
    files: ['fuel-surcharges.csv'],
    rowsPerSecond: 40,
    steps: ['Extract', 'Load', 'Aggregate'],
  },
]
