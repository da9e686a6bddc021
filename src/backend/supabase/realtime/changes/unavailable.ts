const sentences: Readonly<Record<string, string>> = {
  '55000': 'PostgreSQL runs without wal_level = logical, which Realtime needs.',
  '42501': 'The database user may not replicate: it needs the attribute REPLICATION.',
  '28000': 'The database user may not replicate: it needs the attribute REPLICATION.',
  '53400': 'All replication slots of PostgreSQL are in use: raise max_replication_slots.',
  '53300': 'PostgreSQL takes no more connections: raise max_wal_senders or max_connections.',
}

/** A sentence for an operator. */
export function whyUnavailable(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : ''
  const why = error instanceof Error ? error.message : ''
  return sentences[String(code)] ?? `Changes of tables cannot be followed: ${why}.`
}
