// Owns one tile: its chart, its age, and what can be done with it; it can be moved by the mouse and by the menu.
import { useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Ellipsis, GripVertical } from 'lucide-react'
import { useState, type CSSProperties, type DragEvent } from 'react'
import type { Dashboard, Tile, TileData } from '@/api/types'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@/components/ui/menu'
import { ChartView } from '@/components/charts/chart'
import { withErrorToast } from '@/lib/download'
import { ago, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { freshTile, tileQuery, type DashboardChanges } from './api'
import { TileDialog } from './tile-dialog'

const WIDTHS = ['Quarter', 'Half', 'Three quarters', 'Full width']

function Content({ tile, data, name, asTable }: { tile: Tile; data: TileData; name: string; asTable: boolean }) {
  if (data.error) {
    return (
      <div role="alert" className="p-4 scroll grow">
        <p className="t-del">{data.error.message}</p>
        {data.error.hint && <p className="dim">{data.error.hint}</p>}
      </div>
    )
  }
  return <ChartView label={name} chart={tile.chart} columns={data.columns} rows={data.rows} asTable={asTable} />
}

interface TileProps {
  dashboard: Dashboard
  tile: Tile
  at: number
  canWrite: boolean
  changes: DashboardChanges
  /** Called with the new position of the tile. */
  onMove: (to: number) => void
  drag: { state: string; start: () => void; over: () => void; drop: () => void; end: () => void }
}

interface MenuProps extends Pick<TileProps, 'dashboard' | 'tile' | 'at' | 'canWrite' | 'changes' | 'onMove'> {
  name: string
  asTable: boolean
  onRun: () => void
  onTable: () => void
  onEdit: () => void
}

function EditItems({ dashboard, tile, at, changes, onMove, onEdit }: Omit<MenuProps, 'canWrite'>) {
  return (
    <>
      <MenuSeparator />
      {!tile.hidden && <MenuItem onSelect={onEdit}>Edit title and chart</MenuItem>}
      <MenuItem disabled={at === 0} onSelect={() => onMove(at - 1)}>
        Move earlier
      </MenuItem>
      <MenuItem disabled={at === dashboard.tiles.length - 1} onSelect={() => onMove(at + 1)}>
        Move later
      </MenuItem>
      <MenuLabel>Width</MenuLabel>
      {WIDTHS.map((label, index) => (
        <MenuItem key={label} current={tile.width === index + 1} onSelect={() => void withErrorToast(() => changes.changeTile(tile.id, { width: index + 1 }))}>
          {label}
        </MenuItem>
      ))}
      <MenuSeparator />
      <MenuItem danger onSelect={() => void withErrorToast(() => changes.removeTile(tile.id))}>
        Remove from dashboard
      </MenuItem>
    </>
  )
}

function TileMenu({ canWrite, ...props }: MenuProps) {
  const { tile, name, asTable, onRun, onTable } = props
  const { project } = useProjectScope()
  const navigate = useNavigate()
  const { database_id: database } = tile
  return (
    <Menu
      align="end"
      trigger={
        <button type="button" className="btn ghost icon" aria-label={`Actions for ${name}`}>
          <Ellipsis className="i" aria-hidden="true" />
        </button>
      }
    >
      <MenuItem onSelect={onRun}>Refresh</MenuItem>
      <MenuItem onSelect={onTable}>{asTable ? 'Show chart' : 'Show table'}</MenuItem>
      {database && <MenuItem onSelect={() => void navigate({ to: '/p/$project/d/$database/sql', params: { project: project.id, database }, search: { query: tile.query_id } })}>Open the query</MenuItem>}
      {canWrite && <EditItems {...props} />}
    </Menu>
  )
}

function TileBody({ tile, name, data, asTable }: { tile: Tile; name: string; data: UseQueryResult<TileData>; asTable: boolean }) {
  if (tile.hidden) return <EmptyState text="The query of this tile is no longer shared with you." />
  if (data.error) {
    return (
      <div className="p-4 scroll grow">
        <ErrorNote error={data.error} retry={() => void data.refetch()} />
      </div>
    )
  }
  if (!data.data) return <SkeletonRows rows={5} label={`Loading ${name}`} />
  return (
    <>
      <Content tile={tile} data={data.data} name={name} asTable={asTable} />
      <p className="tilefoot">
        <span>{ago(data.data.ran_at)}</span>
        {data.data.truncated && <span className="t-warn">only the first {plural(data.data.rows.length, 'row')}</span>}
      </p>
    </>
  )
}

export function TileView({ drag, ...props }: TileProps) {
  const { dashboard, tile, canWrite, changes } = props
  const queries = useQueryClient()
  const [asTable, setAsTable] = useState(false)
  const [editing, setEditing] = useState(false)
  const data = useQuery({ ...tileQuery(dashboard.id, tile.id, dashboard.refresh_seconds), enabled: !tile.hidden })
  const name = tile.title || tile.query_name || 'Hidden query'
  const run = () => void withErrorToast(async () => queries.setQueryData(['dashboards', dashboard.id, 'data', tile.id], await freshTile(dashboard.id, tile.id)))
  const over = (event: DragEvent) => {
    event.preventDefault()
    drag.over()
  }
  const drop = (event: DragEvent) => {
    event.preventDefault()
    drag.drop()
  }
  return (
    <section className={`panel tile ${drag.state}`} aria-label={name} style={{ '--w': tile.width } as CSSProperties} onDragOver={canWrite ? over : undefined} onDrop={drop}>
      <header>
        {canWrite && (
          <span className="grip hide-p dim" draggable aria-hidden="true" title="Drag to move" onDragStart={drag.start} onDragEnd={drag.end}>
            <GripVertical className="i" />
          </span>
        )}
        <h2 className="cut grow">{name}</h2>
        <TileMenu {...props} name={name} asTable={asTable} onRun={run} onTable={() => setAsTable(!asTable)} onEdit={() => setEditing(true)} />
      </header>
      <TileBody tile={tile} name={name} data={data} asTable={asTable} />
      {editing && data.data && <TileDialog tile={tile} data={data.data} onClose={() => setEditing(false)} onSave={(input) => changes.changeTile(tile.id, input)} />}
    </section>
  )
}
