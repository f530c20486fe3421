// Owns the controls of a chart: its type, its columns, and the aggregate.
import { ChartArea, ChartColumn, ChartLine, ChartScatter, Hash, Sparkles, Table2 } from 'lucide-react'
import type { Chart, ResultColumn } from '@/api/types'
import { SelectField } from '@/components/field'
import { Menu } from '@/components/ui/menu'
import { DropdownMenu } from 'radix-ui'
import { resolve, type Rows } from './spec'

const KINDS = [
  { value: 'auto', label: 'Automatic', icon: Sparkles },
  { value: 'bar', label: 'Bars', icon: ChartColumn },
  { value: 'line', label: 'Lines', icon: ChartLine },
  { value: 'area', label: 'Area', icon: ChartArea },
  { value: 'scatter', label: 'Scatter', icon: ChartScatter },
  { value: 'number', label: 'Number', icon: Hash },
  { value: 'table', label: 'Table', icon: Table2 },
] as const

const AGGREGATES = [
  { value: 'none', label: 'no aggregation' },
  { value: 'sum', label: 'sum' },
  { value: 'avg', label: 'average' },
  { value: 'count', label: 'count' },
  { value: 'min', label: 'min' },
  { value: 'max', label: 'max' },
] as const

interface ControlsProps {
  chart: Chart
  columns: readonly ResultColumn[]
  rows: Rows
  onChange: (chart: Chart) => void
}

function Values({ names, chosen, onChange }: { names: string[]; chosen: string[]; onChange: (names: string[]) => void }) {
  return (
    <Menu
      trigger={
        <button type="button" className="btn" aria-label={`Values: ${chosen.join(', ') || 'none'}`}>
          <span className="cut chartvalues">{chosen.join(', ') || 'none'}</span>
        </button>
      }
    >
      {names.map((name) => (
        <DropdownMenu.CheckboxItem
          key={name}
          className="menuitem"
          checked={chosen.includes(name)}
          onSelect={(event) => event.preventDefault()}
          onCheckedChange={(on) => onChange(on ? [...chosen, name] : chosen.filter((one) => one !== name))}
        >
          <span className="grow">{name}</span>
          {chosen.includes(name) && <span aria-hidden="true">✓</span>}
        </DropdownMenu.CheckboxItem>
      ))}
    </Menu>
  )
}

export function ChartControls({ chart, columns, rows, onChange }: ControlsProps) {
  const resolved = resolve(chart, columns, rows)
  const name = (at: number | null) => (at === null ? '' : (columns[at]?.name ?? ''))
  const names = columns.map((column) => column.name)
  const options = (none: string) => [{ value: '', label: none }, ...names.map((one) => ({ value: one, label: one }))]
  /** The first manual choice fixes what was chosen automatically, so that nothing else changes with it. */
  const set = (change: Partial<Chart>) =>
    onChange({ kind: resolved.kind, x: name(resolved.x) || null, y: resolved.y.map(name), series: name(resolved.series) || null, aggregate: resolved.aggregate, ...change })
  const plots = resolved.kind !== 'number' && resolved.kind !== 'table'
  return (
    <div className="chartbar" role="toolbar" aria-label="Chart">
      <div className="segmented" role="group" aria-label="Chart type">
        {KINDS.map(({ value, label, icon: Icon }) => (
          <button
            key={value}
            type="button"
            title={label}
            aria-label={label}
            aria-pressed={chart.kind === value}
            onClick={() => (value === 'auto' ? onChange({ kind: 'auto', x: null, y: [], series: null, aggregate: 'none' }) : onChange({ ...chart, kind: value }))}
          >
            <Icon className="i" aria-hidden="true" />
          </button>
        ))}
      </div>
      {plots && (
        <span className="row small dim">
          X axis
          <SelectField label="X axis" hideLabel value={name(resolved.x)} onChange={(x) => set({ x: x || null })} options={options('row number')} />
        </span>
      )}
      {resolved.kind !== 'table' && (
        <span className="row small dim">
          Values
          <Values names={names} chosen={resolved.y.map(name)} onChange={(y) => set({ y })} />
        </span>
      )}
      {resolved.kind !== 'table' && (
        <SelectField
          label="Aggregate"
          hideLabel
          value={resolved.aggregate}
          onChange={(value) => set({ aggregate: value as Chart['aggregate'] })}
          options={AGGREGATES}
        />
      )}
      {plots && (
        <span className="row small dim">
          Series
          <SelectField label="Series" hideLabel value={name(resolved.series)} onChange={(series) => set({ series: series || null })} options={options('none')} />
        </span>
      )}
    </div>
  )
}
