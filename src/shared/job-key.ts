import type { Job } from './job.ts'

/**
 * Names a job among those of all tenants of a workspace: backends that number nothing use names as
 * ids, and two tenants may choose the same one. The length keeps any two pairs apart.
 */
export const jobKeyOf = ({ tenantId, id }: Pick<Job, 'tenantId' | 'id'>): string =>
  `${tenantId.length}.${tenantId}.${id}`
