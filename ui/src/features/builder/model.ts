// Owns changes of a drawn query: tables with the joins that foreign keys offer, picks, filters, all without a request.
import type { DrawnCondition, DrawnGroup, DrawnJoin, DrawnQuery, DrawnTable, DrawnTerm, LiveRelation, LiveSchema } from '@/api/types'

export const NO_GROUP: DrawnGroup = { all: true, items: [] }

export const tablesOf = (query: DrawnQuery): DrawnTable[] => [query.table, ...query.joins.map((join) => join.table)]

export const isGroup = (item: DrawnGroup['items'][number]): item is DrawnGroup => 'items' in item

export const column = (table: string, value: string): DrawnTerm => ({ kind: 'column', table, value })

/** A name that no table of the query has: "people", else "people_2". */
export function freeAlias(query: DrawnQuery | null, name: string): string {
  const taken = new Set(query ? tablesOf(query).map((table) => table.alias) : [])
  for (let number = 1; ; number += 1) {
    const alias = number === 1 ? name : `${name}_${number}`
    if (!taken.has(alias)) return alias
  }
}

/** PostgreSQL's own schema is not written out. */
export const tableFor = (relation: LiveRelation, alias: string): DrawnTable => ({ name: relation.name, schema: relation.schema === 'public' ? null : (relation.schema ?? null), alias })

export function relationOf(table: DrawnTable, schema: LiveSchema): LiveRelation | null {
  return schema.relations.find((one) => one.name === table.name && (table.schema === null || one.schema === table.schema)) ?? null
}

export const newQuery = (relation: LiveRelation): DrawnQuery => ({
  table: tableFor(relation, relation.name),
  joins: [],
  picks: [],
  where: NO_GROUP,
  having: NO_GROUP,
  sort: [],
  limit: 100,
  offset: null,
  distinct: false,
})

export interface Offer {
  relation: LiveRelation
  /** The table that is already there, and the columns by which both belong together. */
  from: DrawnTable
  pairs: [string, string][]
}

const primaryKey = (relation: LiveRelation | undefined) => relation?.primary_key ?? []

/** The tables that foreign keys tie to those of the query, in either direction. */
export function joinOffers(query: DrawnQuery, schema: LiveSchema): Offer[] {
  const offers: Offer[] = []
  for (const from of tablesOf(query)) {
    const here = relationOf(from, schema)
    if (!here) continue
    for (const key of here.foreign_keys ?? []) {
      const relation = schema.relations.find((one) => one.name === key.ref_table && (!key.ref_schema || one.schema === key.ref_schema))
      const theirs = key.ref_columns?.length ? key.ref_columns : primaryKey(relation)
      if (relation) offers.push({ relation, from, pairs: key.columns.map((name, at) => [name, theirs[at] ?? '']) })
    }
    for (const relation of schema.relations) {
      for (const key of relation.foreign_keys ?? []) {
        if (key.ref_table !== here.name || (key.ref_schema && key.ref_schema !== here.schema)) continue
        if (relation === here) continue
        const ours = key.ref_columns?.length ? key.ref_columns : primaryKey(here)
        offers.push({ relation, from, pairs: key.columns.map((name, at) => [ours[at] ?? '', name]) })
      }
    }
  }
  const there = new Set(tablesOf(query).map((table) => table.name))
  return offers.filter((offer) => !there.has(offer.relation.name) || offer.relation === relationOf(offer.from, schema))
}

export function withJoin(query: DrawnQuery, offer: Offer): DrawnQuery {
  const alias = freeAlias(query, offer.relation.name)
  const items: DrawnCondition[] = offer.pairs.map(([ours, theirs]) => ({ term: column(alias, theirs), operator: '=', values: [column(offer.from.alias, ours)], aggregate: '' }))
  const join: DrawnJoin = { table: tableFor(offer.relation, alias), kind: 'inner', on: { all: true, items } }
  return { ...query, joins: [...query.joins, join] }
}

export function withTable(query: DrawnQuery, relation: LiveRelation): DrawnQuery {
  const join: DrawnJoin = { table: tableFor(relation, freeAlias(query, relation.name)), kind: 'cross', on: NO_GROUP }
  return { ...query, joins: [...query.joins, join] }
}

const names = (term: DrawnTerm, alias: string) => (term.kind === 'column' || term.kind === 'star') && term.table === alias

function groupWithout(group: DrawnGroup, alias: string): DrawnGroup {
  const items: DrawnGroup['items'] = group.items.flatMap((item): DrawnGroup['items'] => {
    if (isGroup(item)) {
      const inner = groupWithout(item, alias)
      return inner.items.length > 0 ? [inner] : []
    }
    return names(item.term, alias) || item.values.some((value) => names(value, alias)) ? [] : [item]
  })
  return { ...group, items }
}

/** The query without a joined table and all that named it; a join that thereby loses its condition is a cross join. */
export function withoutTable(query: DrawnQuery, alias: string): DrawnQuery {
  const joins = query.joins
    .filter((join) => join.table.alias !== alias)
    .map((join): DrawnJoin => {
      const on = groupWithout(join.on, alias)
      return { ...join, on, kind: on.items.length === 0 ? 'cross' : join.kind }
    })
  const picks = query.picks.filter((pick) => !names(pick.term, alias))
  const shown = new Set(picks.map((pick) => pick.alias))
  return {
    ...query,
    joins,
    picks,
    where: groupWithout(query.where, alias),
    having: groupWithout(query.having, alias),
    sort: query.sort.filter((one) => !names(one.term, alias) && (one.term.kind !== 'alias' || shown.has(one.term.value))),
  }
}

/** Picks without one, and without the orders that named it. */
export function withoutPick(query: DrawnQuery, at: number): DrawnQuery {
  const gone = query.picks[at]?.alias
  const sort = gone ? query.sort.filter((one) => one.term.kind !== 'alias' || one.term.value !== gone) : query.sort
  return { ...query, picks: query.picks.filter((_, place) => place !== at), sort }
}

/** Gives a pick another name; what sorts by the old one follows. */
export function renamedPick(query: DrawnQuery, at: number, alias: string): DrawnQuery {
  const old = query.picks[at]?.alias
  const picks = query.picks.map((pick, place) => (place === at ? { ...pick, alias } : pick))
  const sort = query.sort.map((one) => {
    if (!old || one.term.kind !== 'alias' || one.term.value !== old) return one
    const pick = query.picks[at]
    return alias || !pick ? { ...one, term: { ...one.term, value: alias } } : { ...one, term: pick.term, aggregate: pick.aggregate }
  })
  return { ...query, picks, sort }
}

const NUMERIC = /int|numeric|decimal|real|double|float|serial|money|number/i

export function isNumeric(term: DrawnTerm, query: DrawnQuery, schema: LiveSchema): boolean {
  if (term.kind !== 'column') return term.kind === 'number'
  const table = tablesOf(query).find((one) => one.alias === term.table)
  const type = table ? relationOf(table, schema)?.columns.find((one) => one.name === term.value)?.type : undefined
  return NUMERIC.test(type ?? '')
}

/** What somebody typed, as a constant: a number only where one is meant. */
export function constant(text: string, numeric: boolean): DrawnTerm {
  const number = /^-?\d+(\.\d+)?$/.test(text.trim())
  return numeric && number ? { kind: 'number', value: text.trim(), table: '' } : { kind: 'text', value: text, table: '' }
}

export const VALUES: Record<DrawnCondition['operator'], 0 | 1 | 2 | 'list'> = {
  '=': 1, '!=': 1, '<': 1, '<=': 1, '>': 1, '>=': 1, like: 1, 'not like': 1, ilike: 1, 'not ilike': 1,
  in: 'list', 'not in': 'list', between: 2, 'not between': 2, 'is null': 0, 'is not null': 0, holds: 0,
} // prettier-ignore

/** A condition with another operator, and as many values as it takes. */
export function withOperator(condition: DrawnCondition, operator: DrawnCondition['operator']): DrawnCondition {
  const wanted = VALUES[operator]
  const blank: DrawnTerm = { kind: 'text', value: '', table: '' }
  const values = wanted === 'list' ? (condition.values.length > 0 ? condition.values : [blank]) : Array.from({ length: wanted }, (_, at) => condition.values[at] ?? blank)
  return { ...condition, operator, values }
}

export const sameTerm = (one: DrawnTerm, other: DrawnTerm): boolean => one.kind === other.kind && one.value === other.value && one.table === other.table
