import type { Database } from '../database/database.ts'
import { readSource } from './source-file.ts'

/** What the sample jobs refer to by foreign key: carriers and patients. Known ones are left alone. */
export async function loadReferenceData(database: Database): Promise<void> {
  const [carriers, patients] = await Promise.all([
    readSource('carriers.csv'),
    readSource('patients.csv'),
  ])
  await database.query(
    `insert into demo.carriers select * from jsonb_to_recordset($1::jsonb)
       as r(scac text, name text, country text) on conflict do nothing`,
    [JSON.stringify(carriers.map(({ values }) => values))],
  )
  await database.query(
    `insert into demo.patients select * from jsonb_to_recordset($1::jsonb)
       as r(id text, initials text, born date) on conflict do nothing`,
    [JSON.stringify(patients.map(({ values }) => values))],
  )
}
