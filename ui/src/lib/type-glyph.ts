// Owns the mark before a column name: what its type is, at a glance.

export type Glyph = { text: string; title: string } | 'key'

const RULES: readonly [RegExp, string, string][] = [
  [/^row$/, '∗', 'whole row'],
  [/json|hstore|map|object|struct/i, '{}', 'JSON'],
  [/\[\]|array/i, '[]', 'array'],
  [/bool/i, '◐', 'boolean'],
  [/time|date|interval|year/i, '◷', 'time'],
  [/int|serial|numeric|decimal|real|double|float|number|money|bigint/i, '#', 'number'],
  [/bytea|blob|binary|bytes/i, '01', 'bytes'],
  [/uuid|objectid/i, 'id', 'identifier'],
]

/** The glyph of a column: a key for primary keys, else one for its type. */
export function typeGlyph(type: string, primaryKey: boolean): Glyph {
  if (primaryKey) return 'key'
  for (const [pattern, text, title] of RULES) if (pattern.test(type)) return { text, title }
  return { text: 'T', title: 'text' }
}
