// Owns the drawing: boxes that can be moved, lines between them, pan and zoom, drawing a foreign key from column to column.
import '@xyflow/react/dist/base.css'
import { Background, ConnectionMode, ReactFlow, ReactFlowProvider, useNodesState, useReactFlow, useStore, type Connection, type EdgeTypes, type NodeTypes } from '@xyflow/react'
import { LayoutGrid, Maximize, Minus, Plus } from 'lucide-react'
import { useEffect, useMemo, useRef, type CSSProperties } from 'react'
import type { LiveRelation } from '@/api/types'
import { SkeletonRows } from '@/components/states'
import { useDiagram } from './diagram-context'
import { KeyLine, type KeyEdge } from './key-line'
import { heightOf, hub, linesOf, WIDTH, type Positions } from './layout'
import { idOf } from './staging'
import { TableBox, type TableNode } from './table-box'

const NODES: NodeTypes = { table: TableBox }
const EDGES: EdgeTypes = { key: KeyLine }
const CULL_ABOVE = 60
const FAR = 0.4
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

function Controls({ onArrange, movable }: { onArrange: () => void; movable: boolean }) {
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
      {movable && (
        <button type="button" className="btn icon" aria-label="Arrange anew" title="Arrange anew" onClick={onArrange}>
          <LayoutGrid className="i" aria-hidden="true" />
        </button>
      )}
    </div>
  )
}

function nodesFor(relations: readonly LiveRelation[], positions: Positions, before: readonly TableNode[]): TableNode[] {
  const known = new Map(before.map((node) => [node.id, node]))
  return relations.map((relation) => {
    const id = idOf(relation)
    const old = known.get(id)
    const place = { position: positions[id] ?? { x: 0, y: 0 }, width: WIDTH, height: heightOf(relation) }
    const data = old?.data.relation === relation ? old.data : { relation }
    return old ? { ...old, ...place, data } : { id, type: 'table', data, ...place }
  })
}

function Canvas({ relations, positions, movable, onMove, onArrange, onTie, show }: CanvasProps) {
  const { chosen, editing } = useDiagram()
  const flow = useReactFlow()
  const far = useStore((state) => (state.transform[2] < FAR ? Math.round(state.transform[2] * 50) / 50 : 0))
  const ready = useStore((state) => state.width > 0)
  const [nodes, setNodes, onNodesChange] = useNodesState<TableNode>([])
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
  const edges = useMemo<KeyEdge[]>(() => {
    const shown = new Set(nodes.map((node) => node.id))
    return linesOf(relations)
      .filter((line) => shown.has(line.from) && shown.has(line.to))
      .map((line) => ({ id: line.id, type: 'key', source: line.from, target: line.to, data: { line, near: line.from === chosen || line.to === chosen }, zIndex: line.from === chosen || line.to === chosen ? 1 : 0, ariaLabel: `${line.from} refers to ${line.to}` }))
  }, [relations, nodes, chosen])
  const tie = ({ source, sourceHandle, target, targetHandle }: Connection) => {
    const [from, to] = [relations.find((one) => idOf(one) === source), relations.find((one) => idOf(one) === target)]
    if (from && to && sourceHandle && targetHandle) onTie({ relation: from, column: sourceHandle.slice(2) }, { relation: to, column: targetHandle.slice(2) })
  }
  return (
    <section className={`canvas erd ${far ? 'far' : ''} ${editing ? 'editing' : ''}`} style={{ '--zoom': Math.max(far, 0.1) } as CSSProperties} aria-label="Diagram of the tables">
      {positions === null && <SkeletonRows rows={6} label="Arranging the tables" />}
      <ReactFlow<TableNode, KeyEdge>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODES}
        edgeTypes={EDGES}
        onNodesChange={onNodesChange}
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
        <Background gap={16} size={1} color="var(--line)" />
      </ReactFlow>
      <Controls onArrange={onArrange} movable={movable} />
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
