/** PostgREST's one shape of refusals. */
export interface RestErrorBody {
  readonly code: string
  readonly message: string
  readonly details: unknown
  readonly hint: string | null
}

/** Ends a request with this status and body; thrown inside a transaction it also undoes it. */
export class RestError extends Error {
  readonly status: number
  readonly body: RestErrorBody
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    body: Partial<RestErrorBody> & Pick<RestErrorBody, 'code' | 'message'>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(body.message)
    this.name = 'RestError'
    this.status = status
    this.body = { details: null, hint: null, ...body }
    this.headers = headers
  }
}

/** Refusals in PostgREST's words (its `Error.hs`), but for those that need the schema. */
export const refusals = {
  parse: (message: string, details: string) =>
    new RestError(400, { code: 'PGRST100', message, details }),
  rpcMethod: (method: string) =>
    new RestError(405, { code: 'PGRST101', message: `Cannot use the ${method} method on RPC` }),
  body: (message: string) => new RestError(400, { code: 'PGRST102', message }),
  bodyTooLarge: () =>
    new RestError(413, { code: 'PGRST102', message: 'The body is larger than 1 MB' }),
  answerTooLarge: (most: number) =>
    new RestError(400, {
      code: '54000',
      message: `The answer is larger than ${most / 1_048_576} MiB`,
      hint: 'Ask for fewer rows or columns, or page by page.',
    }),
  range: (details: string) =>
    new RestError(416, {
      code: 'PGRST103',
      message: 'Requested range not satisfiable',
      details,
    }),
  putFilters: () =>
    new RestError(405, {
      code: 'PGRST105',
      message: "Filters must include all and only primary key columns with 'eq' operators",
    }),
  schema: (schema: string, exposed: string) =>
    new RestError(406, {
      code: 'PGRST106',
      message: `Invalid schema: ${schema}`,
      hint: `Only the following schemas are exposed: ${exposed}`,
    }),
  mediaTypes: (types: string) =>
    new RestError(406, {
      code: 'PGRST107',
      message: `None of these media types are available: ${types}`,
    }),
  notEmbedded: (name: string) =>
    new RestError(400, {
      code: 'PGRST108',
      message: `'${name}' is not an embedded resource in this request`,
      hint: `Verify that '${name}' is included in the 'select' query parameter.`,
    }),
  responseHeaders: () =>
    new RestError(500, {
      code: 'PGRST111',
      message:
        'response.headers guc must be a JSON array composed of objects with a single key and a string value',
    }),
  responseStatus: () =>
    new RestError(500, {
      code: 'PGRST112',
      message: 'response.status guc must be a valid status code',
    }),
  putLimit: () =>
    new RestError(400, {
      code: 'PGRST114',
      message: 'limit/offset querystring parameters are not allowed for PUT',
    }),
  putKey: () =>
    new RestError(400, {
      code: 'PGRST115',
      message: 'Payload values do not match URL in primary key column(s)',
    }),
  notSingular: (rows: number) =>
    new RestError(406, {
      code: 'PGRST116',
      message: 'Cannot coerce the result to a single JSON object',
      details: `The result contains ${rows} rows`,
    }),
  method: (method: string) =>
    new RestError(405, { code: 'PGRST117', message: `Unsupported HTTP method: ${method}` }),
  orderNotToOne: (parent: string, child: string) =>
    new RestError(400, {
      code: 'PGRST118',
      message: `A related order on '${child}' is not possible`,
      details: `'${parent}' and '${child}' do not form a many-to-one or one-to-one relationship`,
    }),
  spreadNotToOne: (parent: string, child: string) =>
    new RestError(400, {
      code: 'PGRST119',
      message: `A spread operation on '${child}' is not possible`,
      details: `'${parent}' and '${child}' do not form a many-to-one or one-to-one relationship`,
    }),
  embedFilter: (name: string) =>
    new RestError(400, {
      code: 'PGRST120',
      message: `Bad operator on the '${name}' embedded resource`,
      details: 'Only is null or not is null filters are allowed on embedded resources',
    }),
  preferences: (invalid: readonly string[]) =>
    new RestError(400, {
      code: 'PGRST122',
      message: 'Invalid preferences given with handling=strict',
      details: `Invalid preferences: ${invalid.join(', ')}`,
    }),
  aggregates: () =>
    new RestError(400, {
      code: 'PGRST123',
      message: 'Use of aggregate functions is not allowed',
    }),
  maxAffected: (rows: number) =>
    new RestError(400, {
      code: 'PGRST124',
      message: 'Query result exceeds max-affected preference constraint',
      details: `The query affects ${rows} rows`,
    }),
  path: () =>
    new RestError(404, {
      code: 'PGRST125',
      message: 'Invalid path specified in request URL',
    }),
  maxAffectedRpc: () =>
    new RestError(400, {
      code: 'PGRST128',
      message:
        'Function must return SETOF or TABLE when max-affected preference is used with handling=strict',
    }),
}
