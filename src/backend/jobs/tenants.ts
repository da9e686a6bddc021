/** The two customers that the bundled data set was exported for. */
export const freightTenantId = 'acme-freight'
export const healthTenantId = 'borealis-health'
