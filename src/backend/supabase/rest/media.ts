import { refusals } from './rest-error.ts'

/** The shapes in which rows are answered. */
export interface Media {
  readonly shape: 'array' | 'object' | 'csv'
  readonly stripNulls: boolean
  readonly contentType: string
}

const json: Media = {
  shape: 'array',
  stripNulls: false,
  contentType: 'application/json; charset=utf-8',
}
const openApi = 'application/openapi+json'

/** The best of what `Accept` lists. @throws RestError PGRST107 */
export function negotiate(accept: string | undefined): Media {
  const types = acceptedTypes(accept)
  for (const type of types) {
    const media = mediaOf(type)
    if (media !== null) return media
  }
  throw refusals.mediaTypes(types.join(', '))
}

/** The same for the description of the schema. */
export function negotiateDescription(accept: string | undefined): string {
  const types = acceptedTypes(accept)
  const fits = ['*/*', 'application/*', 'application/json', openApi]
  if (!types.some((type) => fits.includes(type))) throw refusals.mediaTypes(types.join(', '))
  return `${openApi}; charset=utf-8`
}

/** In the order in which they are wanted; the parameters that are no weight stay. */
function acceptedTypes(accept: string | undefined): string[] {
  const ranges = (accept ?? '*/*').split(',').slice(0, 20)
  const weighed = ranges.flatMap((range) => {
    const parts = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = parts.find((part) => part.startsWith('q='))?.slice(2)
    const type = parts.filter((part) => !/^(?:q=|charset=)/.test(part)).join(';')
    return type === '' ? [] : [{ type, weight: Number(weight ?? 1) }]
  })
  const sorted = weighed.toSorted((one, other) => other.weight - one.weight)
  return sorted.length === 0 ? ['*/*'] : sorted.map(({ type }) => type)
}

function mediaOf(type: string): Media | null {
  const [name = '', ...parameters] = type.split(';')
  const stripNulls = parameters.includes('nulls=stripped')
  switch (name) {
    case '*/*':
    case 'application/*':
    case 'application/json':
      return json
    case 'text/csv':
    case 'text/*':
      return { shape: 'csv', stripNulls: false, contentType: 'text/csv; charset=utf-8' }
    case 'application/vnd.pgrst.object+json':
    case 'application/vnd.pgrst.object':
      return vendor('object', stripNulls)
    case 'application/vnd.pgrst.array+json':
    case 'application/vnd.pgrst.array':
      return vendor('array', stripNulls)
    default:
      return null
  }
}

function vendor(shape: 'array' | 'object', stripNulls: boolean): Media {
  const nulls = stripNulls ? '; nulls=stripped' : ''
  const contentType = `application/vnd.pgrst.${shape}+json${nulls}; charset=utf-8`
  return { shape, stripNulls, contentType }
}
