// Owns the buttons of a drawing that is zoomed: out, in, everything, and what the drawing adds.
import { useReactFlow, useStore } from '@xyflow/react'
import { Maximize, Minus, Plus } from 'lucide-react'
import type { ReactNode } from 'react'

export function ZoomControls({ children }: { children?: ReactNode }) {
  const flow = useReactFlow()
  const zoom = useStore((state) => Math.round(state.transform[2] * 100))
  return (
    <div className="zoom">
      <button type="button" className="btn icon" aria-label="Zoom out" onClick={() => void flow.zoomOut()}>
        <Minus className="i" aria-hidden="true" />
      </button>
      <span className="small dim">{zoom}%</span>
      <button type="button" className="btn icon" aria-label="Zoom in" onClick={() => void flow.zoomIn()}>
        <Plus className="i" aria-hidden="true" />
      </button>
      <button type="button" className="btn icon" aria-label="Fit everything" onClick={() => void flow.fitView({ padding: 0.08 })}>
        <Maximize className="i" aria-hidden="true" />
      </button>
      {children}
    </div>
  )
}
