// Owns the drawing: boxes that can be moved, lines between them, pan and zoom, drawing a foreign key from column to column.
import '@xyflow/react/dist/base.css'
import { ConnectionMode, ReactFlow, ReactFlowProvider, useNodesState, useReactFlow, useStore, type Connection, type NodeTypes } from '@xyflow/react'
import { LayoutGrid } from 'lucide-react'
import { useEffect, useRef, useState, type CSSProperties } from 'react'
import type { LiveRelation } from '@/api/types'
import { SkeletonRows } from '@/components/states'
import { ZoomControls } from '@/components/zoom-controls'
import { useDiagram } from './diagram-context'
import { Dots } from './dots'
import { KeyLines } from './key-lines'
import { heightOf, hub, WIDTH, type Positions } from './layout'
import { idOf } from './staging'
import { TableBox, type TableNode } from './table-box'
import { FAR } from './use-detail'

const NODES: NodeTypes = { table: TableBox }
/** Boxes whose columns are not shown are cheap: they are taken out of the page only when there are very many. */
const CULL_ABOVE = 600
/** Below this zoom names cannot be read: a diagram that needs less opens at its hub. */
const READABLE = 0.22

export interface End {
  relation: LiveRelation
  column: string
}

interface CanvasProps {
  relations: LiveRelation[]
  positions: Positions | null
  movable: boolean
  onMove: (id: string, at: { x: number; y: number }) => void
  onArrange: () => void
  onTie: (from: End, to: End) => void
  /** Brings a table into view; the number tells one wish from the next. */
  show: { id: string; wish: number } | null
}

/** What is inside boxes that cannot be moved, as on phones, can still be pressed: xyflow denies it unless told. */
const PRESSABLE = { pointerEvents: 'all' } as const

function nodesFor(relations: readonly LiveRelation[], positions: Positions, before: readonly TableNode[]): TableNode[] {
  const known = new Map(before.map((node) => [node.id, node]))
  return relations.map((relation) => {
    const id = idOf(relation)
    const old = known.get(id)
    const place = { position: positions[id] ?? { x: 0, y: 0 }, width: WIDTH, height: heightOf(relation) }
    const data = old?.data.relation === relation ? old.data : { relation }
    return old ? { ...old, ...place, data } : { id, type: 'table', data, style: PRESSABLE, ...place }
  })
}

function Canvas({ relations, positions, movable, onMove, onArrange, onTie, show }: CanvasProps) {
  const { chosen, editing } = useDiagram()
  const flow = useReactFlow()
  const far = useStore((state) => (state.transform[2] < FAR ? Math.round(state.transform[2] * 50) / 50 : 0))
  const ready = useStore((state) => state.width > 0)
  const [nodes, setNodes, onNodesChange] = useNodesState<TableNode>([])
  const [moving, setMoving] = useState(false)
  const fitted = useRef(false)
  useEffect(() => {
    if (positions) setNodes((before) => nodesFor(relations, positions, before))
  }, [relations, positions, setNodes])
  useEffect(() => {
    if (fitted.current || nodes.length === 0 || !ready) return
    fitted.current = true
    void flow.fitView({ padding: 0.08, maxZoom: 1 }).then(() => {
      if (flow.getZoom() < READABLE) void flow.fitView({ nodes: hub(relations).map((id) => ({ id })), padding: 0.1, maxZoom: 1, minZoom: READABLE })
    })
  }, [nodes, ready, flow, relations])
  useEffect(() => {
    if (show) void flow.fitView({ nodes: [{ id: show.id }], maxZoom: 1, padding: 0.6, duration: 0 })
  }, [show, flow])
  const tie = ({ source, sourceHandle, target, targetHandle }: Connection) => {
    const [from, to] = [relations.find((one) => idOf(one) === source), relations.find((one) => idOf(one) === target)]
    if (from && to && sourceHandle && targetHandle) onTie({ relation: from, column: sourceHandle.slice(2) }, { relation: to, column: targetHandle.slice(2) })
  }
  return (
    <section className={`canvas erd ${far ? 'far' : ''} ${editing ? 'editing' : ''} ${moving ? 'moving' : ''}`} style={{ '--zoom': Math.max(far, 0.1) } as CSSProperties} aria-label="Diagram of the tables">
      {positions === null && <SkeletonRows rows={6} label="Arranging the tables" />}
      <ReactFlow<TableNode>
        nodes={nodes}
        nodeTypes={NODES}
        onNodesChange={onNodesChange}
        onMoveStart={() => setMoving(true)}
        onMoveEnd={() => setMoving(false)}
        onNodeDragStop={(_, node) => onMove(node.id, node.position)}
        onConnect={tie}
        connectionMode={ConnectionMode.Loose}
        connectionRadius={16}
        nodesDraggable={movable}
        nodesConnectable={editing}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        deleteKeyCode={null}
        onlyRenderVisibleElements={nodes.length > CULL_ABOVE}
        panOnScroll
        minZoom={0.05}
        maxZoom={1.6}
      >
        {!far && <Dots boxes={nodes} />}
        <KeyLines relations={relations} boxes={nodes} chosen={chosen} />
      </ReactFlow>
      <ZoomControls>
        {movable && (
          <button type="button" className="btn icon" aria-label="Auto-layout" title="Auto-layout" onClick={onArrange}>
            <LayoutGrid className="i" aria-hidden="true" />
          </button>
        )}
      </ZoomControls>
    </section>
  )
}

export default function DiagramCanvas(props: CanvasProps) {
  return (
    <ReactFlowProvider>
      <Canvas {...props} />
    </ReactFlowProvider>
  )
}
