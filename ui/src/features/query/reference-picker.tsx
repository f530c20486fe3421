// Owns choosing the row that a foreign key refers to: searched by key and by name, picked with arrows and Enter or with the mouse.
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import type { Cell, LiveRelation } from '@/api/types'
import { SelectField } from '@/components/field'
import { useDatabase } from '@/lib/database-scope'
import { errorText } from '@/lib/problem'
import { keyName, noneOf, valuesOf, type Target } from '@/lib/references'
import { EditorFrame, isNullKey } from '@/components/grid/editor-frame'
import { PAGE, useCandidates, type Candidates } from './use-candidates'

interface PickerProps {
  /** The foreign keys that start at the column, at least one. */
  targets: readonly Target[]
  relation: LiveRelation
  column: string
  valueOf: (column: string) => Cell
  /** A typed text as a value of the column. */
  parse: (text: string) => Cell
  /** The values of all columns of the key, or nothing when it stays as it is. */
  done: (values?: Record<string, Cell>) => void
}

interface Option {
  id: string
  key: string
  words: readonly string[]
  now: boolean
  values: Record<string, Cell>
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }

/** The rows to choose from, with "None" before them and the typed value behind them where these are possible. */
function useOptions({ relation, column, parse }: Pick<PickerProps, 'relation' | 'column' | 'parse'>, target: Target, typed: string, current: readonly Cell[], rows: Candidates): Option[] {
  const id = useId()
  const none = noneOf(relation, target.columns)
  const text = typed.trim()
  const options: Option[] = rows.list.map((row, at) => ({ id: `${id}-${at}`, key: keyName(row.key), words: row.words, now: row === rows.now, values: valuesOf(target, row.key) }))
  if (none && text === '') options.unshift({ id: `${id}-none`, key: 'None', words: [], now: rows.now === null && current.every((cell) => cell === null), values: none })
  if (text !== '' && target.columns.length === 1 && !rows.searching && !options.some((option) => option.key === text)) {
    options.push({ id: `${id}-typed`, key: text, words: ['as typed, whether or not such a row exists'], now: false, values: { [column]: parse(text) } })
  }
  return options
}

function OptionList({ id, label, options, active, onScrollEnd, onChoose }: { id: string; label: string; options: readonly Option[]; active: number; onScrollEnd: () => void; onChoose: (option: Option) => void }) {
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [active])
  return (
    <ul ref={list} id={id} role="listbox" aria-label={label} onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => scrollHeight - scrollTop - clientHeight < 200 && onScrollEnd()}>
      {options.map((option, at) => (
        // The keys of the list are those of the field above, which keeps the focus.
        <li key={option.id} id={option.id} role="option" aria-selected={at === active} className="menuitem" data-highlighted={at === active || undefined} onMouseDown={(event) => event.preventDefault()} onClick={() => onChoose(option)}>
          <span className="mono cut keyname">{option.key}</span>
          <span className="grow cut">{option.words[0]}</span>
          <span className="dim small cut">{option.words.slice(1).join(' · ')}</span>
          {option.now && <span className="chip">current</span>}
        </li>
      ))}
    </ul>
  )
}

function statusText(rows: Candidates, table: string, searched: boolean): string {
  if (rows.error) return errorText(rows.error)
  if (rows.searching) return 'Searching…'
  if (rows.list.length === 0) return searched ? `No row of ${table} matches.` : `${table} has no rows.`
  return rows.more === 'narrow' ? `More than ${PAGE} rows match: type more.` : ''
}

/** Takes the first row of an answer that was still on its way when Enter was pressed. */
function useEnterWhileSearching(searching: boolean, first: Option | undefined, take: (values: Record<string, Cell>) => void) {
  const pressed = useRef(false)
  useEffect(() => {
    if (!pressed.current || searching) return
    pressed.current = false
    if (first) take(first.values)
  }, [searching, first, take])
  return {
    wait: () => {
      pressed.current = true
    },
    forget: () => {
      pressed.current = false
    },
  }
}

export function ReferencePicker({ targets, relation, column, valueOf, parse, done }: PickerProps) {
  const listId = useId()
  const database = useDatabase()
  const [typed, setTyped] = useState('')
  const [which, setWhich] = useState(0)
  const target = targets[which] ?? targets[0]
  if (!target) throw new Error('a picker without a foreign key')
  const current = target.columns.map(valueOf)
  const rows = useCandidates(database.id, target, typed, current)
  const searched = typed.trim() !== ''
  const none = noneOf(relation, target.columns)
  const options = useOptions({ relation, column, parse }, target, typed, current, rows)
  // "None" comes first, but is not what Enter would take unasked.
  const { active, move, reset } = useActive(options, none !== null && !searched && rows.list.length > 0 ? 1 : 0)
  const enter = useEnterWhileSearching(rows.searching, rows.list.length > 0 ? options[active] : undefined, done)
  const onKey = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    const isTyping = event.target instanceof HTMLInputElement
    if (isNullKey(event) && none) {
      event.preventDefault()
      done(none)
    } else if (isTyping && step !== undefined) {
      event.preventDefault()
      if (active + step >= options.length - 5) rows.fetchMore()
      move(step)
    } else if (isTyping && event.key === 'Enter') {
      event.preventDefault()
      // While an answer is on its way, the list is still that of other words: Enter waits for it.
      if (rows.searching) enter.wait()
      else if (options[active]) done(options[active].values)
    }
  }
  const table = target.relation.name
  const label = `${column}, a row of ${table}`
  return (
    <EditorFrame label={label} onLeave={() => done()} onKey={onKey} className="picker">
      {targets.length > 1 && (
        <SelectField
          label="Foreign key"
          hideLabel
          value={String(which)}
          onChange={(at) => { setWhich(Number(at)); reset() }}
          options={targets.map((one, at) => ({ value: String(at), label: `${one.columns.join(', ')} → ${one.relation.name}` }))}
        />
      )}
      <input
        role="combobox"
        aria-label={label}
        aria-expanded="true"
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={options[active]?.id}
        autoFocus
        spellCheck={false}
        placeholder={`${table} by ${[...target.refColumns, ...(target.label ? [target.label] : [])].join(' or ')}`}
        value={typed}
        onChange={(event) => { setTyped(event.target.value); enter.forget(); reset() }}
      />
      <OptionList id={listId} label={`Rows of ${table}`} options={options} active={active} onScrollEnd={rows.fetchMore} onChoose={(option) => done(option.values)} />
      <p className="small dim" role="status">
        {statusText(rows, table, searched)}
      </p>
    </EditorFrame>
  )
}

/** Which option Enter takes: the one that arrows went to, else the row that is referred to now, else the first row. */
function useActive(options: readonly Option[], first: number) {
  const [moved, setMoved] = useState<number | null>(null)
  const now = options.findIndex((one) => one.now)
  const active = Math.min(moved ?? (now >= 0 ? now : first), Math.max(0, options.length - 1))
  const move = (step: number) => setMoved(Math.max(0, Math.min(options.length - 1, active + step)))
  return { active, move, reset: () => setMoved(null) }
}
