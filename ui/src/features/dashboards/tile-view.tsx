// Owns one tile: its chart, its age, and what can be done with it; it can be moved by the mouse and by the menu.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Ellipsis, GripVertical } from 'lucide-react'
import { useState, type CSSProperties, type DragEvent } from 'react'
import type { Dashboard, Tile, TileData } from '@/api/types'
import { EmptyState, ErrorNote, SkeletonRows } from '@/components/states'
import { Menu, MenuItem, MenuLabel, MenuSeparator } from '@/components/ui/menu'
import { ChartView } from '@/features/charts/chart'
import { tellFailure } from '@/lib/download'
import { ago, plural } from '@/lib/format'
import { useProjectScope } from '@/lib/project-scope'
import { freshTile, tileQuery, type DashboardChanges } from './api'
import { TileDialog } from './tile-dialog'

const WIDTHS = ['A quarter', 'A half', 'Three quarters', 'The whole width']

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
  /** Called with the place where the tile shall stand. */
  onMove: (to: number) => void
  drag: { state: string; start: () => void; over: () => void; drop: () => void; end: () => void }
}

export function TileView({ dashboard, tile, at, canWrite, changes, onMove, drag }: TileProps) {
  const { project } = useProjectScope()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [asTable, setAsTable] = useState(false)
  const [editing, setEditing] = useState(false)
  const data = useQuery({ ...tileQuery(dashboard.id, tile.id, dashboard.refresh_seconds), enabled: !tile.hidden })
  const name = tile.title || tile.query_name || 'Hidden query'
  const again = () => void tellFailure(async () => queries.setQueryData(['dashboards', dashboard.id, 'data', tile.id], await freshTile(dashboard.id, tile.id)))
  const over = (event: DragEvent) => {
    event.preventDefault()
    drag.over()
  }
  return (
    <section
      className={`panel tile ${drag.state}`}
      aria-label={name}
      style={{ '--w': tile.width } as CSSProperties}
      onDragOver={canWrite ? over : undefined}
      onDrop={(event) => {
        event.preventDefault()
        drag.drop()
      }}
    >
      <header>
        {canWrite && (
          <span className="grip hide-p dim" draggable aria-hidden="true" title="Drag to move" onDragStart={drag.start} onDragEnd={drag.end}>
            <GripVertical className="i" />
          </span>
        )}
        <h2 className="cut grow">{name}</h2>
        <Menu
          align="end"
          trigger={
            <button type="button" className="btn ghost icon" aria-label={`What to do with ${name}`}>
              <Ellipsis className="i" aria-hidden="true" />
            </button>
          }
        >
          <MenuItem onSelect={again}>Run it anew</MenuItem>
          <MenuItem onSelect={() => setAsTable(!asTable)}>{asTable ? 'Show the drawing' : 'Show the figures'}</MenuItem>
          {tile.database_id && (
            <MenuItem onSelect={() => void navigate({ to: '/p/$project/d/$database/sql', params: { project: project.id, database: tile.database_id ?? '' }, search: { query: tile.query_id } })}>
              Open the query
            </MenuItem>
          )}
          {canWrite && (
            <>
              <MenuSeparator />
              {!tile.hidden && <MenuItem onSelect={() => setEditing(true)}>Change title and chart</MenuItem>}
              <MenuItem disabled={at === 0} onSelect={() => onMove(at - 1)}>
                Move forward
              </MenuItem>
              <MenuItem disabled={at === dashboard.tiles.length - 1} onSelect={() => onMove(at + 1)}>
                Move back
              </MenuItem>
              <MenuLabel>Width</MenuLabel>
              {WIDTHS.map((label, index) => (
                <MenuItem key={label} current={tile.width === index + 1} onSelect={() => void tellFailure(() => changes.changeTile(tile.id, { width: index + 1 }))}>
                  {label}
                </MenuItem>
              ))}
              <MenuSeparator />
              <MenuItem danger onSelect={() => void tellFailure(() => changes.removeTile(tile.id))}>
                Take it off
              </MenuItem>
            </>
          )}
        </Menu>
      </header>
      {tile.hidden && <EmptyState text="The query of this tile is not shared with you any more." />}
      {data.error && (
        <div className="p-4 scroll grow">
          <ErrorNote error={data.error} retry={() => void data.refetch()} />
        </div>
      )}
      {!tile.hidden && data.isPending && <SkeletonRows rows={5} label={`Loading ${name}`} />}
      {data.data && !data.error && <Content tile={tile} data={data.data} name={name} asTable={asTable} />}
      {data.data && !data.error && (
        <p className="tilefoot">
          <span>{ago(data.data.ran_at)}</span>
          {data.data.truncated && <span className="t-warn">only the first {plural(data.data.rows.length, 'row')}</span>}
        </p>
      )}
      {editing && data.data && <TileDialog tile={tile} data={data.data} onClose={() => setEditing(false)} onSave={(input) => changes.changeTile(tile.id, input)} />}
    </section>
  )
}
