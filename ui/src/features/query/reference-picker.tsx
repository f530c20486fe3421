// Owns choosing the row that a foreign key refers to: searched by key and by name, picked with arrows and Enter or with the mouse.
import { useEffect, useId, useRef, useState, type KeyboardEvent } from 'react'
import type { Cell, LiveRelation } from '@/api/types'
import { SelectField } from '@/components/field'
import { useDatabase } from '@/lib/database-scope'
import { sentence } from '@/lib/problem'
import { keyName, noneOf, valuesOf, type Target } from '@/lib/references'
import { EditorFrame, isNullKey } from './editor-frame'
import { PAGE, useCandidates } from './use-candidates'

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

export function ReferencePicker({ targets, relation, column, valueOf, parse, done }: PickerProps) {
  const id = useId()
  const database = useDatabase()
  const [typed, setTyped] = useState('')
  const [which, setWhich] = useState(0)
  const target = targets[which] ?? targets[0]
  if (!target) throw new Error('a picker without a foreign key')
  const current = target.columns.map(valueOf)
  const found = useCandidates(database.id, target, typed, current)
  const none = noneOf(relation, target.columns)
  const searched = typed.trim() !== ''
  const options: Option[] = found.list.map((one, at) => ({ id: `${id}-${at}`, key: keyName(one.key), words: one.words, now: one === found.now, values: valuesOf(target, one.key) }))
  // Nothing at all comes first, but is not what Enter would take unasked.
  if (none && !searched) options.unshift({ id: `${id}-none`, key: 'None', words: [], now: found.now === null && current.every((cell) => cell === null), values: none })
  if (searched && target.columns.length === 1 && !found.searching && !options.some((one) => one.key === typed.trim())) {
    options.push({ id: `${id}-typed`, key: typed.trim(), words: ['as typed, whether there is such a row or not'], now: false, values: { [column]: parse(typed.trim()) } })
  }
  const { active, move, reset } = useActive(options, none !== null && !searched && found.list.length > 0 ? 1 : 0)
  const hasty = useRef(false)
  const first = found.list.length > 0 ? options[active] : undefined
  useEffect(() => {
    if (!hasty.current || found.searching) return
    hasty.current = false
    if (first) done(first.values)
  }, [found.searching, first, done])
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' })
  }, [active])
  const onKey = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (isNullKey(event) && none) {
      event.preventDefault()
      done(none)
    } else if (event.target instanceof HTMLInputElement && step !== undefined) {
      event.preventDefault()
      if (active + step >= options.length - 5) found.fetchMore()
      move(step)
    } else if (event.target instanceof HTMLInputElement && event.key === 'Enter') {
      event.preventDefault()
      // While an answer is on its way, the list is still that of other words: Enter waits for it.
      if (found.searching) hasty.current = true
      else if (options[active]) done(options[active].values)
    }
  }
  const name = `${column}, a row of ${target.relation.name}`
  return (
    <EditorFrame label={name} onLeave={() => done()} onKey={onKey} className="picker">
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
        aria-label={name}
        aria-expanded="true"
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={options[active]?.id}
        autoFocus
        spellCheck={false}
        placeholder={`${target.relation.name} by ${[...target.refColumns, ...(target.label ? [target.label] : [])].join(' or ')}`}
        value={typed}
        onChange={(event) => { setTyped(event.target.value); hasty.current = false; reset() }}
      />
      <ul
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={`Rows of ${target.relation.name}`}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => scrollHeight - scrollTop - clientHeight < 200 && found.fetchMore()}
      >
        {options.map((one, at) => (
          // The keys of the list are those of the field above, which keeps the focus.
          <li key={one.id} id={one.id} role="option" aria-selected={at === active} className="menuitem" data-highlighted={at === active || undefined} onMouseDown={(event) => event.preventDefault()} onClick={() => done(one.values)}>
            <span className="mono cut keyname">{one.key}</span>
            <span className="grow cut">{one.words[0]}</span>
            <span className="dim small cut">{one.words.slice(1).join(' · ')}</span>
            {one.now && <span className="chip">now</span>}
          </li>
        ))}
      </ul>
      <p className="small dim" role="status">
        {found.error ? sentence(found.error) : found.searching ? 'Searching…' : found.list.length === 0 ? `No row of ${target.relation.name}${searched ? ' fits' : ''}.` : found.more === 'narrow' ? `More than ${PAGE} fit: type more.` : ''}
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
