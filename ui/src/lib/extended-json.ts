// Owns how values of Extended JSON are told to people: {"$oid": …} is an ObjectId, {"$date": …} a moment.

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

export interface ValueDescription {
  kind: 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null' | 'id' | 'date' | 'special'
  text: string
}

const SPECIAL: Record<string, (value: Json) => ValueDescription | null> = {
  $oid: (value) => ({ kind: 'id', text: `ObjectId("${String(value)}")` }),
  $date: (value) => ({ kind: 'date', text: typeof value === 'string' ? value : inner(value) }),
  $numberLong: (value) => ({ kind: 'number', text: String(value) }),
  $numberInt: (value) => ({ kind: 'number', text: String(value) }),
  $numberDouble: (value) => ({ kind: 'number', text: String(value) }),
  $numberDecimal: (value) => ({ kind: 'number', text: String(value) }),
  $uuid: (value) => ({ kind: 'id', text: `UUID("${String(value)}")` }),
  $regularExpression: (value) => (isObject(value) ? { kind: 'special', text: `/${String(value['pattern'])}/${String(value['options'] ?? '')}` } : null),
  $binary: (value) => (isObject(value) ? { kind: 'special', text: `BinData(${String(value['subType'])}, "${String(value['base64']).slice(0, 60)}")` } : null),
  $timestamp: (value) => (isObject(value) ? { kind: 'special', text: `Timestamp(${String(value['t'])}, ${String(value['i'])})` } : null),
  $minKey: () => ({ kind: 'special', text: 'MinKey()' }),
  $maxKey: () => ({ kind: 'special', text: 'MaxKey()' }),
}

export const isObject = (value: Json | undefined): value is { [key: string]: Json } => typeof value === 'object' && value !== null && !Array.isArray(value)

const inner = (value: Json) => (isObject(value) ? String(Object.values(value)[0]) : String(value))

/** What a value is, and its text when it has nothing inside. */
export function describeValue(value: Json): ValueDescription {
  if (value === null) return { kind: 'null', text: 'null' }
  if (Array.isArray(value)) return { kind: 'array', text: value.length === 1 ? '1 item' : `${value.length} items` }
  if (isObject(value)) {
    const keys = Object.keys(value)
    const [only] = keys
    const special = keys.length === 1 && only !== undefined ? SPECIAL[only]?.(value[only] ?? null) : null
    return special ?? { kind: 'object', text: keys.length === 1 ? '1 field' : `${keys.length} fields` }
  }
  if (typeof value === 'string') return { kind: 'string', text: JSON.stringify(value) }
  return { kind: typeof value === 'number' ? 'number' : 'boolean', text: String(value) }
}

/** The document that a text holds, or null when it is cut off or no document. */
export function documentOf(text: string): { [key: string]: Json } | null {
  try {
    const found = JSON.parse(text) as Json
    return isObject(found) ? found : null
  } catch {
    return null
  }
}

/** The id of a document as people read it. */
export function idText(id: string): string {
  try {
    const value = JSON.parse(id) as Json
    return isObject(value) && describeValue(value).kind === 'object' ? id : describeValue(value).text
  } catch {
    return id
  }
}
