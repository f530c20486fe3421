// Owns changing a tile: its title, and its chart, seen as it will be.
import { useState } from 'react'
import type { Tile, TileChange, TileData } from '@/api/types'
import { TextField } from '@/components/field'
import { Dialog } from '@/components/ui/dialog'
import { ChartView } from '@/components/charts/chart'
import { ChartControls } from '@/components/charts/chart-controls'
import { withErrorToast } from '@/lib/download'

interface TileDialogProps {
  tile: Tile
  data: TileData
  onClose: () => void
  onSave: (input: TileChange) => Promise<unknown>
}

export function TileDialog({ tile, data, onClose, onSave }: TileDialogProps) {
  const [title, setTitle] = useState(tile.title)
  const [chart, setChart] = useState(tile.chart)
  const save = () =>
    withErrorToast(async () => {
      await onSave({ title, ...(chart === tile.chart ? {} : { chart }) })
      onClose()
    })
  return (
    <Dialog title="Edit tile" open onOpenChange={(open) => !open && onClose()}>
      <form
        className="form-stack"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <TextField label="Title" value={title} maxLength={200} placeholder={tile.query_name} onChange={(event) => setTitle(event.target.value)} />
        <div className="preview">
          <ChartControls chart={chart} columns={data.columns} rows={data.rows} onChange={setChart} />
          <ChartView label="Preview" chart={chart} columns={data.columns} rows={data.rows} />
        </div>
        <footer>
          <button type="submit" className="btn primary">
            Save
          </button>
        </footer>
      </form>
    </Dialog>
  )
}
