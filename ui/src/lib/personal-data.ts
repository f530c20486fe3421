// Owns how columns with personal data are grouped: by class in the order of the rules, and the files that touch them.
import type { PersonalColumn, PersonalData } from '@/api/types'
import { oneOf, text, type RawSearch } from './search-params'

export interface PersonalSearch {
  class?: string
  sure?: 'certain'
}

/** Reads the search of the page of personal data. */
export const personalSearch = (raw: RawSearch): PersonalSearch => ({ class: text(raw, 'class'), sure: oneOf(raw, 'sure', ['certain'] as const) })

export interface PersonalGroup {
  name: string
  title: string
  source: string
  special: boolean
  columns: PersonalColumn[]
}

/** The columns that a search asks for, by class; classes without columns are left out. */
export function byClass(data: PersonalData, search: PersonalSearch): PersonalGroup[] {
  return data.classes
    .filter((item) => !search.class || item.name === search.class)
    .map(({ name, title, source, special }) => ({
      name,
      title,
      source,
      special,
      columns: data.columns.filter((column) => column.data_class === name && (!search.sure || column.certainty === search.sure)),
    }))
    .filter((group) => group.columns.length > 0)
}

export interface TouchedIn {
  file: string
  how: 'reads' | 'writes' | 'reads and writes'
}

/** The files that touch a column, those that write it first. */
export function touchedIn(column: PersonalColumn): TouchedIn[] {
  const reads = new Set(column.read_in)
  const writes = new Set(column.written_in)
  return [
    ...column.written_in.map((file) => ({ file, how: reads.has(file) ? ('reads and writes' as const) : ('writes' as const) })),
    ...column.read_in.filter((file) => !writes.has(file)).map((file) => ({ file, how: 'reads' as const })),
  ]
}
