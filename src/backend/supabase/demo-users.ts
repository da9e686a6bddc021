import type { Queryable } from '../database/database.ts'
import { addUser } from './auth-users.ts'

/** A sign-in that the ready line offers. */
export interface DemoUser {
  readonly email: string
  readonly password: string
  readonly label: string
  readonly tenantId: string
}

const acme = { id: 'acme-freight', name: 'Acme Freight', role: 'admin' }
const borealis = { id: 'borealis-health', name: 'Borealis Health', role: 'admin' }

/** Two admins of one tenant, one of another. */
const people = [
  { email: 'alice@acme.test', name: 'Alice', tenant: acme },
  { email: 'amir@acme.test', name: 'Amir', tenant: acme },
  { email: 'bea@borealis.test', name: 'Bea', tenant: borealis },
]

export const demoEmails: readonly string[] = people.map(({ email }) => email)

/** Adds whoever is missing; passwords come from the data folder. */
export async function seedDemoUsers(
  queryable: Queryable,
  passwords: Readonly<Record<string, string>>,
  passwordCost: number,
): Promise<readonly DemoUser[]> {
  const rows = await queryable.query<{ email: string }>(
    'select email from auth.users where email = any($1)',
    [demoEmails],
  )
  const present = new Set(rows.map(({ email }) => email))
  const users: DemoUser[] = []
  for (const { email, name, tenant } of people) {
    const password = passwords[email]
    if (password === undefined) continue
    users.push({ email, password, label: `${name} · ${tenant.name}`, tenantId: tenant.id })
    if (present.has(email)) continue
    const appMetadata = { tenant_id: tenant.id, tenants: [tenant] }
    const userMetadata = { name }
    await addUser(queryable, { email, password, appMetadata, userMetadata, passwordCost })
  }
  return users
}
