// Owns which editor a cell gets: by its foreign keys, by the type that the table declares, by what the value looks like.
import { useRef } from 'react'
import type { Cell, LiveRelation, LiveSchema, ResultColumn } from '@/api/types'
import { useDatabaseEngine } from '@/features/databases/api'
import { bytesOf, isBinary } from '@/lib/binary'
import { useDatabase } from '@/lib/database-scope'
import { targetsOf } from '@/lib/references'
import { timeColumn } from '@/lib/time-text'
import { readCell } from './api'
import { BinaryEditor } from './binary-editor'
import { CellEditor, parsed } from './cell-editor'
import type { Place } from '@/components/grid/grid'
import { ReferencePicker } from './reference-picker'
import { TimeEditor } from './time-editor'
import type { StagedRows } from './use-staged-rows'
import { WholeCell } from '@/components/grid/whole-cell'

interface RowEditorProps {
  relation: LiveRelation
  schema: LiveSchema
  columns: readonly ResultColumn[]
  staged: StagedRows
  place: Place
  value: Cell
  done: (value?: Cell) => void
}

function choicesOf(type: string, schema: LiveSchema): readonly string[] | null {
  return schema.enums?.find((one) => one.name === type || `${one.schema ?? ''}.${one.name}` === type)?.values ?? null
}

export function RowEditor({ relation, schema, columns, staged, place, value, done: close }: RowEditorProps) {
  const database = useDatabase()
  // Closing moves the focus, which an editor may take for being left once more.
  const closed = useRef(false)
  const done = (given?: Cell) => {
    if (closed.current) return
    closed.current = true
    close(given)
  }
  const column = columns[place.column]
  if (!column) return null
  const key = staged.keyAt(place.row)
  const targets = targetsOf(relation, column.name, schema)
  if (targets.length > 0) {
    const cells = staged.cells(place.row)
    const leave = (values?: Record<string, Cell>) => {
      if (values) staged.edit(place.row, values)
      done()
    }
    return (
      <ReferencePicker
        targets={targets}
        relation={relation}
        column={column.name}
        valueOf={(name) => cells?.[columns.findIndex((one) => one.name === name)] ?? null}
        parse={(text) => parsed(column, text)}
        done={leave}
      />
    )
  }
  if (!key || !staged.isCut(place.row, place.column)) return <ByType {...{ relation, schema, column, value, done }} />
  return (
    <WholeCell
      load={() => readCell(database.id, { table: relation.name, schema: relation.schema ?? null, key, column: column.name })}
      onLeave={() => done()}
      render={(whole) => {
        // What the row was is the whole value, not the beginning that the page shows of it.
        const leave = (given?: Cell) => {
          if (given !== undefined && given !== whole) staged.edit(place.row, { [column.name]: given }, { [column.name]: whole })
          done()
        }
        return <ByType {...{ relation, schema, column, value: whole, done: leave }} />
      }}
    />
  )
}

interface ByTypeProps {
  relation: LiveRelation
  schema: LiveSchema
  column: ResultColumn
  value: Cell
  done: (value?: Cell) => void
}

function ByType({ relation, schema, column, value, done }: ByTypeProps) {
  const engine = useDatabaseEngine()
  const type = relation.columns.find((one) => one.name === column.name)?.type || column.type
  const time = timeColumn(type, engine?.fraction_digits ?? null)
  // SQLite keeps what it is given, whatever the column says: numbers of seconds are numbers here too.
  if (time && (value === null || typeof value === 'string')) return <TimeEditor name={column.name} type={type} column={time} value={value} done={done} />
  if (isBinary(type, engine?.binary_types ?? []) && (value === null || bytesOf(value))) return <BinaryEditor table={relation.name} name={column.name} type={type} value={value as string | null} done={done} />
  return <CellEditor column={column} value={value} choices={choicesOf(type, schema)} done={done} />
}
